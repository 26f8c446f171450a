"""Documents are laid out for people: aligned, readable, and harmless to a terminal."""

from __future__ import annotations

import pytest

from runtime.entrypoints.cli.printing import record, table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """What is wide on the screen, as letters of East Asia are, counts as that wide."""
    shown = table(
        [{"id": "a", "name": "日本"}, {"id": "long", "name": "x"}],
        {"ID": "id", "NAME": "name", "X": "id"},
    )

    assert shown == "ID    NAME  X\na     日本  a\nlong  x     long"


def test_a_record_has_a_line_for_each_field() -> None:
    """A dotted place leads into the document; what is not there shows as nothing."""
    shown = record(
        {"member": {"id": "mem_1"}, "roles": []},
        {"MEMBER": "member.id", "ROLES": "roles", "DEEPER": "member.id.x"},
    )

    assert shown == "MEMBER  mem_1\nROLES   -\nDEEPER  -"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(None, "-", id="nothing"),
        pytest.param({}, "-", id="an empty object"),
        pytest.param(0, "0", id="zero"),
        pytest.param("", "", id="an empty text"),
        pytest.param(True, "yes", id="true"),
        pytest.param(False, "no", id="false"),
        pytest.param(["a", None], "a, -", id="a list"),
        pytest.param({"project": 500}, "project 500", id="an object"),
        pytest.param("a\x1b[2J\nb", "a?[2J?b", id="commands to a terminal"),
        pytest.param({"\x1b": "\x07"}, "? ?", id="commands inside"),
    ],
)
def test_a_value_is_spelled_for_people(value: object, shown: str) -> None:
    """One line, whatever it is."""
    assert record({"v": value}, {"V": "v"}) == f"V  {shown}".rstrip()
