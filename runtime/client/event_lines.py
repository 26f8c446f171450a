"""Read server-sent events off their lines.

Source: HTML Living Standard §9.2.6; of fields, those that the platform sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

USUAL_KIND: Final = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """Hold one event as it came.

    Attributes:
        id: with which a stream goes on behind it; empty: none was told.
        kind: what it is.
        data: its lines.
    """

    id: str
    kind: str
    data: str


def sent_events(lines: Iterable[bytes]) -> Iterator[SentEvent]:
    r"""Yield each event once its empty line has come; comments and what breaks off are no events.

    >>> [item.data for item in sent_events([b": alive\n", b"data: {}\n", b"\n", b"data: half\n"])]
    ['{}']
    """
    fields: dict[str, list[str]] = {}
    for line in lines:
        text = line.decode(errors="replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            yield SentEvent(
                id=_last(fields, "id"),
                kind=_last(fields, "event") or USUAL_KIND,
                data="\n".join(fields["data"]),
            )
        fields = {}


def _last(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]
