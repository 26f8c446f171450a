"""The card of a plan says what would happen, and what keeps it from happening."""

from __future__ import annotations

import pytest

from runtime.entrypoints.console.plan_card import (
    PlanView,
    empty_card,
    needs,
    outcome_note,
    plan_card,
)
from runtime.entrypoints.console.wording import GUARDS
from tests.unit.runtime.entrypoints.console.outcomes import DIGEST, a_refusal, an_outcome

PLAN = {"steps": [{"action": "counter.set", "inputs": {"value": 7}}]}
TITLES = {"counter.set@1": "Set the counter"}


def a_view(**changed: object) -> PlanView:
    """Show a plan that waits."""
    given = {"plan": PLAN, "status": "proposed", "titles": TITLES, **changed}
    return PlanView(**given)  # type: ignore[arg-type]  # of parts


def test_a_plan_that_would_run_shows_what_it_changes_and_costs() -> None:
    """Action by its title, inputs, difference, effects, guards, digest."""
    card = plan_card(a_view(outcome=an_outcome(), before={"counter": {"value": 3}}))

    expected = [
        "Set the counter",
        "counter.set@1",
        "<del>3</del>",
        "<ins>7</ins>",
        "mail.send",
        f"All {len(GUARDS)} guards pass",
        "Cost 2 units",
        "version 1 → 2",
        DIGEST[:23],
    ]
    assert [part for part in expected if part not in card] == []


def test_a_refused_step_names_the_guard_and_what_would_make_it_pass() -> None:
    """The guards before it have passed, those behind it were not asked."""
    refused = a_refusal("limit_reached", "within_quota")
    card = plan_card(a_view(outcome=an_outcome(refusal=refused)))

    assert "limit_reached" in card
    assert "confirm the digest" in card
    assert f"✓ {GUARDS['within_budget']}" not in card
    assert f"✗ {GUARDS['within_quota']}" in card
    assert f"✓ {GUARDS['within_rate']}" in card


def test_a_guard_that_is_not_known_here_is_named_as_it_is() -> None:
    """A newer platform may have more of them."""
    card = plan_card(a_view(outcome=an_outcome(refusal=a_refusal("odd", "moon_is_full"))))

    assert "✗ moon_is_full" in card
    assert "✓" not in card


def test_without_a_simulation_the_plan_alone_is_shown() -> None:
    """Who may not simulate sees what is proposed."""
    card = plan_card(a_view(edited=True))

    assert "counter.set" in card
    assert "edited by a person" in card
    assert "Digest" not in card


@pytest.mark.parametrize(
    ("status", "title"),
    [("executed", "Executed plan"), ("rejected", "Rejected plan"), ("expired", "expired")],
)
def test_the_head_says_what_became_of_it(status: str, title: str) -> None:
    """Also of a state that only approvals have."""
    assert title in plan_card(a_view(status=status))


@pytest.mark.parametrize(
    ("code", "waits"),
    [("confirmation_required", True), ("approval_required", True), ("limit_reached", False)],
)
def test_what_consent_would_help_is_told_apart(code: str, *, waits: bool) -> None:
    """A limit does not go by a yes."""
    outcome = an_outcome(refusal=a_refusal(code))

    assert needs(outcome) == (code if waits else None)
    assert needs(an_outcome()) is None


def test_an_outcome_is_told_in_a_sentence() -> None:
    """Done, waiting for others, or refused, each in its colour."""
    done = outcome_note(an_outcome())
    waits = outcome_note(an_outcome(refusal=a_refusal("approval_required"), approval="apr_1"))
    refused = outcome_note(an_outcome(refusal=a_refusal("limit_reached")))

    assert "pg-good" in done
    assert "version 2" in done
    assert "pg-wait" in waits
    assert "apr_1" in waits
    assert "pg-bad" in refused
    assert "limit_reached" in refused


def test_where_there_is_no_plan_that_is_said() -> None:
    """The card's place is never blank."""
    assert "before anything of it runs" in empty_card()
