"""Each line of a journal comes back as it was, and the lines add up."""

from __future__ import annotations

import pytest

from harness.budget import NOTHING, Spend
from harness.cassette.pages import CallLine, Line, Pages, ReserveLine, SettleLine, line_from
from harness.cassette.tape import FormError
from runtime.public import JsonValue
from tests.unit.harness.cassette.builders import a_call_of

ONE = Spend(tokens=1, cost_micros=2)
TEN = Spend(tokens=10, cost_micros=20)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(CallLine(call=a_call_of(), settled=None, reservation=None), id="a free call"),
        pytest.param(CallLine(call=a_call_of(), settled=ONE, reservation=3), id="a paid call"),
        pytest.param(ReserveLine(number=3, worst=TEN), id="a reservation"),
        pytest.param(SettleLine(number=3, actual=ONE), id="a call without an answer"),
    ],
)
def test_a_line_comes_back_as_it_was(line: Line) -> None:
    """What a run knew before it was killed, it knows after."""
    assert line_from(line.document()) == line


@pytest.mark.parametrize(
    ("lines", "spent", "next_number"),
    [
        pytest.param([ReserveLine(number=4, worst=TEN)], TEN, 5, id="in flight counts in full"),
        pytest.param(
            [ReserveLine(number=0, worst=TEN), SettleLine(number=0, actual=ONE)], ONE, 1, id="lost"
        ),
        pytest.param(
            [
                ReserveLine(number=0, worst=TEN),
                CallLine(call=a_call_of(), settled=ONE, reservation=0),
            ],
            ONE,
            1,
            id="answered",
        ),
        pytest.param(
            [CallLine(call=a_call_of(), settled=ONE, reservation=None)] * 2,
            ONE.plus(ONE),
            0,
            id="answered twice",
        ),
        pytest.param([SettleLine(number=7, actual=NOTHING)], NOTHING, 0, id="never set aside"),
    ],
)
def test_lines_add_up(lines: list[Line], spent: Spend, next_number: int) -> None:
    """A reservation counts until it is settled, and then as what it was settled at."""
    pages = Pages()

    for line in lines:
        line.enter(pages)

    assert pages.spent({}) == spent
    assert pages.next_number == next_number


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param([1], "an object with its version", id="no object"),
        pytest.param({"call": {}}, "an object with its version", id="no version"),
        pytest.param({"journal": 1, "reserve": "x", "worst": [1, 2]}, "ValueError", id="a name"),
        pytest.param({"journal": 1, "reserve": 1, "worst": 3}, "TypeError", id="one count"),
        pytest.param({"journal": 1, "settle": 1}, "KeyError: 'actual'", id="nothing settled"),
    ],
)
def test_a_line_of_another_form_is_refused(document: JsonValue, said: str) -> None:
    """What was paid is not guessed."""
    with pytest.raises(FormError, match=said):
        line_from(document)
