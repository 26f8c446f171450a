"""Check that a person is told why trials were lost."""

from __future__ import annotations

from harness.reporting.lost import MAX_FAULT, lost_lines
from harness.trial import TrialStatus
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_lost_trial, a_trial


def test_faults_are_counted_by_model() -> None:
    """The most frequent comes first, and scored trials are not mentioned."""
    trials = [
        a_trial("a"),
        a_failed_trial("b"),
        a_lost_trial("c", fault="m/y: no key", model="m/y"),
        a_lost_trial("d", fault=f"{ORACLE}: HTTP 401"),
        a_lost_trial("e", fault=f"{ORACLE}: HTTP 401", status=TrialStatus.INTERNAL),
    ]

    assert lost_lines(trials) == (
        f"2 trials of {ORACLE} lost: HTTP 401",
        "1 trial of m/y lost: no key",
    )


def test_nothing_lost_is_nothing_said() -> None:
    """A whole run has no such line."""
    assert lost_lines([a_trial()]) == ()


def test_a_long_fault_is_one_short_line() -> None:
    """A provider's page of HTML does not fill the terminal."""
    (line,) = lost_lines([a_lost_trial(fault="a\nb " + "x" * MAX_FAULT)])

    assert "lost: a b xxx" in line
    assert line.endswith("(4 more characters)")


def test_many_faults_are_summed_up() -> None:
    """Five lines are enough to see what is going on."""
    lines = lost_lines([a_lost_trial(index=index, fault=str(index)) for index in range(7)])

    assert len(lines) == 6
    assert lines[-1] == "and 2 other faults"
