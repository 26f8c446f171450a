"""Prove that a mutant fits a line."""

from __future__ import annotations

from harness.strength.mutant import SHOWN_CHARS, call_text, shortened
from runtime.public import Step


def test_a_call_is_one_line() -> None:
    """Inputs stand in a fixed order, as JSON."""
    step = Step(action="ticket.assign", inputs={"ticket": "t_1", "agent": None, "note": "a\nb"})

    assert call_text(step) == 'ticket.assign(agent=null, note="a\\nb", ticket="t_1")'


def test_a_long_text_is_cut() -> None:
    """The longest text that fits stays whole."""
    assert shortened("x" * SHOWN_CHARS) == "x" * SHOWN_CHARS
    assert len(shortened("x" * (SHOWN_CHARS + 1))) == SHOWN_CHARS
