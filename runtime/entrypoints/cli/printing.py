"""Lay documents out for people: lines of a table, or one line a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from rich.cells import cell_len

from runtime.client.request import plain

Columns: TypeAlias = Mapping[str, str]
"""Titles, each with where its value stands in a document, such as `member.id`."""

NOTHING: Final = "-"
GAP: Final = "  "


def table(items: Sequence[Mapping[str, Any]], columns: Columns) -> str:
    """Return a line of titles and one for each item, in columns that are as wide as they must be.

    >>> print(table([{"id": "a", "on": True}, {"id": "bcd"}], {"ID": "id", "ON": "on"}))
    ID   ON
    a    yes
    bcd  -
    """
    rows = [tuple(columns), *(_cells(item, columns) for item in items)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def record(document: Mapping[str, Any], columns: Columns) -> str:
    """Return a line for each field.

    >>> print(record({"id": "a", "tags": ["x", "y"]}, {"ID": "id", "TAGS": "tags"}))
    ID    a
    TAGS  x, y
    """
    rows = list(zip(columns, _cells(document, columns), strict=True))
    widths = [max(map(cell_len, columns)), 0]
    return "\n".join(_line(row, widths) for row in rows)


def _cells(document: Mapping[str, Any], columns: Columns) -> tuple[str, ...]:
    return tuple(_spelled(_at(document, place.split("."))) for place in columns.values())


def _line(cells: Sequence[str], widths: Iterable[int]) -> str:
    padded = (
        cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return GAP.join(padded).rstrip()


def _at(value: Any, place: Iterable[str]) -> Any:  # noqa: ANN401  # whatever stands there
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _spelled(value: object) -> str:
    if value is None or value in ([], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_spelled, value))
    if isinstance(value, dict):
        return ", ".join(f"{plain(name)} {_spelled(item)}" for name, item in value.items())
    return plain(str(value))
