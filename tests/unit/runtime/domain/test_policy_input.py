"""One document shows rules everything about a step, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runtime.domain.action import Permission, Risk, SideEffect
from runtime.domain.policy_input import PolicyProject, policy_input, policy_time
from tests.builders import NOW, a_plan, a_principal, a_step, an_action

PROJECT = PolicyProject(id="prj_1", environment="counter")


def test_a_question_shows_who_what_where_and_when() -> None:
    """Every part is there, with its declaration written out."""
    action = an_action(
        permission=Permission(risk=Risk.HIGH, approvals=2, roles=("safety",)),
        cost=3,
        side_effects=(SideEffect(job="box.label", description="Prints a label."),),
    )
    plan = a_plan([a_step("box.look@1"), a_step(value=3)])

    asked = policy_input(
        plan,
        1,
        action=action,
        principal=a_principal(roles=("operator",)),
        project=PROJECT,
        now=NOW,
    ).model_dump(mode="json")

    assert set(asked) == {"action", "inputs", "plan", "principal", "project", "time"}
    assert asked["inputs"] == {"value": 3}
    assert asked["plan"] == {"index": 1, "actions": ["box.look@1", "box.put@1"]}
    assert asked["principal"]["roles"] == ["operator"]
    assert asked["action"]["permission"] == {
        "risk": "high",
        "confirmation": False,
        "approvals": 2,
        "roles": ["safety"],
        "visibility": "user",
        "urgent": False,
    }
    assert (asked["action"]["cost"], asked["action"]["side_effects"]) == (3, ["box.label"])


@pytest.mark.parametrize(
    ("claims", "shown"), [("", {}), ('{"department":"finance"}', {"department": "finance"})]
)
def test_claims_are_what_the_credential_brought(claims: str, shown: dict[str, str]) -> None:
    """Who came without an identity provider has none."""
    principal = a_principal().model_copy(update={"claims": claims})

    asked = policy_input(
        a_plan([a_step(value=3)]),
        0,
        action=an_action(),
        principal=principal,
        project=PROJECT,
        now=NOW,
    )

    assert asked.principal.claims == shown


def test_time_is_told_in_utc_whatever_the_zone() -> None:
    """Rules of two replicas in two zones see the same."""
    late = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)  # a Sunday

    assert policy_time(late) == policy_time(late.astimezone(timezone(timedelta(hours=9))))
    assert policy_time(late).model_dump() == {
        "date": "2026-01-04",
        "weekday": 6,
        "hour": 23,
        "minute": 30,
    }
