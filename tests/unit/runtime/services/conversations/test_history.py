"""Prove what a prompt is told of earlier turns, and that it is bounded."""

from __future__ import annotations

from dataclasses import replace

from runtime.domain.proposal import Clarification, Decline
from runtime.domain.turn import TurnStatus
from runtime.services.conversations.history import MOST_CHARS, MOST_TURNS, said_before
from tests.unit.runtime.domain.test_turn import TURN

SAID = replace(TURN, message="reset it")


def test_the_oldest_comes_first() -> None:
    """Each message with what was answered to it."""
    asked = replace(SAID, message="who?", proposal=Clarification(question="Which one?"))
    no = replace(SAID, message="fly", proposal=Decline(reason="Nothing here flies."))

    told = said_before([no, asked])

    assert [(item.speaker, item.text) for item in told] == [
        ("user", "who?"),
        ("assistant", "Which one?"),
        ("user", "fly"),
        ("assistant", "Nothing here flies."),
    ]


def test_a_plan_that_nobody_decided_about_did_not_happen() -> None:
    """The model is told so, that it does not build on it."""
    (_, answer) = said_before([SAID])

    assert '"counter.reset@1"' in answer.text
    assert answer.text.endswith('What became of it (data)\n{"status":"not executed"}')


def test_what_failed_or_is_erased_is_left_out() -> None:
    """There is nothing to tell of it."""
    failed = replace(SAID, status=TurnStatus.FAILED, proposal=None)
    erased = replace(SAID, message=None)

    assert said_before([failed, erased]) == ()


def test_only_the_newest_turns_are_told() -> None:
    """A number of them at most."""
    assert len(said_before([SAID] * (MOST_TURNS + 5))) == 2 * MOST_TURNS


def test_only_as_much_as_fits_is_told() -> None:
    """From the first turn that is too long on, nothing older is."""
    long = replace(SAID, message="x" * MOST_CHARS)

    assert len(said_before([SAID, long, SAID])) == 2
