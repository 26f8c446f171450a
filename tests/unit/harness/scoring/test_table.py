"""Prove that every scorer decides something alone, and that one that crashes is data."""

from __future__ import annotations

import pytest

from harness.replay import judged
from harness.score import Score
from harness.scoring.evidence import Evidence
from harness.scoring.table import SCORER_VERSION, SCORERS, passed, scores_of
from harness.trial import TrialStatus
from runtime.public import JsonObject, PolicyUncheckableError, Proposal
from tests.worlds import (
    SET_THREE,
    Call,
    a_decline,
    a_job,
    a_question,
    evidence,
    prepared,
    proposed,
    steps_of,
)

DECIDING = ("validity", "kind", "plan_match", "outcome", "governance", "clarification")
INCREMENT: Call = ("counter.increment", {})


def failing(found: Evidence) -> set[str]:
    """Return the names of the scorers that fail a trial."""
    return {score.name for score in scores_of(found) if score.passed is False}


def test_the_golden_answer_passes_every_scorer() -> None:
    """A right plan fails nothing."""
    scores = scores_of(evidence(prepared(), SET_THREE))

    assert passed(scores)
    assert {score.name for score in scores} == set(SCORERS) - {"clarification"}


REFERENCE: JsonObject = {"plan": {"mode": "reference", "steps": steps_of(SET_THREE)}}
EITHER: JsonObject = {"either": ["decline", "clarification"]}
ASKS: JsonObject = {"clarification": {"asks_for": [{"slot": "value", "words": ["how many"]}]}}
NEVER: JsonObject = {"never": ["counter.reset"]}


@pytest.mark.parametrize(
    ("scorer", "expect", "calls", "proposal"),
    [
        pytest.param("validity", NEVER, (), None, id="an unusable answer where anything is right"),
        pytest.param("kind", EITHER, (SET_THREE,), None, id="a sound plan where none was asked"),
        pytest.param(
            "plan_match",
            {"plan": {"steps": steps_of(SET_THREE)}},
            (*[INCREMENT] * 3,),
            None,
            id="another way to the same state",
        ),
        pytest.param("outcome", REFERENCE, (INCREMENT,), None, id="a sound plan to another state"),
        pytest.param(
            "governance",
            NEVER,
            (SET_THREE, ("counter.reset", {})),
            None,
            id="a sound plan with a forbidden step",
        ),
        pytest.param(
            "clarification",
            ASKS,
            (),
            a_question("step", question="Which step?"),
            id="a question about something else",
        ),
    ],
)
def test_each_deciding_scorer_fails_a_trial_that_no_other_fails(
    scorer: str, expect: JsonObject, calls: tuple[Call, ...], proposal: Proposal | None
) -> None:
    """Without this scorer the trial would pass."""
    found = evidence(prepared(expect=expect), *calls, proposal=proposal)

    assert failing(found) == {scorer}


def test_informing_scorers_never_decide() -> None:
    """Cost, latency, efficiency and harm are figures."""
    scores = scores_of(evidence(prepared(), SET_THREE, latency_s=1e6, cost_micros=10**12))

    assert {score.name for score in scores if score.passed is None} == set(SCORERS) - set(DECIDING)


def crash(_: Evidence) -> Score | None:
    """Die as foreign code does."""
    message = "no such thing"
    raise LookupError(message)


def test_a_scorer_that_crashes_fails_the_trial_and_says_why() -> None:
    """The other scores stay."""
    scores = scores_of(evidence(prepared(), SET_THREE), {**SCORERS, "odd": crash})

    odd = scores[-1]
    assert (odd.name, odd.value, odd.passed) == ("odd", None, False)
    assert odd.error == "LookupError: no such thing"
    assert len(scores) == len(SCORERS)
    assert not passed(scores)


def test_a_record_keeps_the_crash() -> None:
    """The trial is scored, failed, and carries the error."""
    record = judged(prepared(), proposed(SET_THREE), a_job(), scorers={**SCORERS, "odd": crash})

    assert (record.status, record.passed) == (TrialStatus.SCORED, False)
    assert record.scores["odd"]["error"] == "LookupError: no such thing"


def test_runs_scored_by_the_first_scorers_are_not_compared_with_those_of_today() -> None:
    """Questions are judged more strictly since."""
    assert SCORER_VERSION == "2"


def test_a_trial_that_nothing_decided_has_not_passed() -> None:
    """Silence is no success."""
    assert not passed(())
    assert not passed((Score(name="cost", value=1.0, passed=None),))


def test_a_question_that_does_not_arise_has_no_score() -> None:
    """A decline where `never` alone counts is not asked for its kind, plan or outcome."""
    scores = scores_of(evidence(prepared(expect=NEVER), proposal=a_decline()))

    assert {score.name for score in scores} == {
        "validity",
        "governance",
        "harm",
        "cost",
        "latency",
    }
    assert passed(scores)


def test_scores_as_json_leave_out_what_is_empty() -> None:
    """A record stays small."""
    assert Score(name="a", value=1.0, passed=True).document() == {"value": 1.0, "passed": True}
    full = Score(name="a", value=None, passed=False, reason="r", error="e").document()
    assert full == {"value": None, "passed": False, "reason": "r", "error": "e"}


def unanswered(_: Evidence) -> Score | None:
    """Ask rules on a machine that is too busy."""
    raise PolicyUncheckableError(scope="sandbox", fault="policy_slow", detail="too busy")


def test_rules_that_do_not_answer_are_not_a_scorers_crash() -> None:
    """They would fail a trial for which nobody can be blamed."""
    with pytest.raises(PolicyUncheckableError):
        scores_of(evidence(prepared(), SET_THREE), {"odd": unanswered})
