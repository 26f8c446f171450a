"""People are told what came of a plan, and what would make a refused one pass."""

from __future__ import annotations

from runtime.entrypoints.cli.client import Document
from runtime.entrypoints.cli.outcomes import outcome_lines


def an_outcome(**changes: object) -> Document:
    """Return the outcome of a plan of one step that was done."""
    done: Document = {
        "id": "out_1",
        "status": "done",
        "cost": 2,
        "plan_digest": "sha256:1",
        "steps": [a_step()],
        "refusal": None,
        "before": {"version": 3},
        "after": {"version": 4},
    }
    return done | changes


def a_step(**changes: object) -> Document:
    """Return a step that was done."""
    done: Document = {
        "index": 0,
        "action": "counter.set@1",
        "status": "done",
        "cost": 2,
        "refusal": None,
    }
    return done | changes


def a_refusal(**changes: object) -> Document:
    """Return why something did not run."""
    refusal: Document = {
        "guard": "confirmed",
        "code": "confirmation_required",
        "expected": "a confirmation",
        "found": None,
        "remedy": "confirm it",
    }
    return refusal | changes


def test_what_was_done_is_told_in_a_table() -> None:
    """First the whole, then each step."""
    assert list(outcome_lines(an_outcome())) == [
        "done: version 3 to 4, cost 2, out_1",
        "STEP  ACTION         STATUS  COST\n1     counter.set@1  done    2",
    ]


def test_a_refused_step_says_what_would_make_it_pass() -> None:
    """Once, though the plan's refusal repeats it; a plan to confirm shows how."""
    refused = a_step(status="refused", refusal=a_refusal(found={"a": "\x1b"}))
    outcome = an_outcome(
        status="refused", after={"version": 3}, steps=[refused], refusal=a_refusal()
    )

    assert list(outcome_lines(outcome))[2:] == [
        "step 1: confirmation_required (confirmed): expected a confirmation",
        '  found: {"a":"\\u001b"}',
        "  remedy: confirm it",
        "to confirm this very plan: --confirm sha256:1",
    ]


def test_a_plan_that_no_step_explains_is_explained_as_a_whole() -> None:
    """Such as one that is too long; there is nothing to confirm."""
    outcome = an_outcome(
        status="refused",
        after={"version": 3},
        steps=[],
        refusal=a_refusal(guard="plan_length", code="plan_too_long"),
    )

    assert list(outcome_lines(outcome)) == [
        "refused: version 3 stands, cost 2, out_1",
        "plan: plan_too_long (plan_length): expected a confirmation",
        "  remedy: confirm it",
    ]


def test_a_plan_that_waits_says_for_what() -> None:
    """Others see it by one command, and who asked executes it by another."""
    refusal = a_refusal(code="approval_required", guard="approved")
    outcome = an_outcome(
        status="refused", after={"version": 3}, steps=[], refusal=refusal, approval="apr_1\x1b"
    )

    assert list(outcome_lines(outcome))[-2:] == [
        "it waits for others, who see it by: plangate approval show apr_1?",
        "once they agree, to execute this very plan: --approval apr_1?",
    ]
