"""The shipped rules over every combination of roles, risk and required roles."""

from itertools import product
from typing import Final

import pytest
from pydantic import ValidationError

from runtime.domain.action import Permission, Risk
from runtime.domain.policy import (
    RISK_CEILING,
    RULES_REVISION,
    Obligation,
    ObligationKind,
    decide_by_rules,
)
from runtime.domain.reason import ReasonCode
from tests.builders import a_principal, an_action

LOW, MEDIUM, HIGH = Risk.LOW, Risk.MEDIUM, Risk.HIGH
ROLES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("viewer",),
    ("operator",),
    ("admin",),
    ("owner",),
    ("cook",),
    ("viewer", "operator"),
    ("operator", "cook"),
)
REQUIRED: Final[tuple[tuple[str, ...], ...]] = ((), ("cook",), ("cook", "admin"))
MAY_TAKE: Final[dict[tuple[str, ...], set[Risk]]] = {
    (): set(),
    ("viewer",): set(),
    ("operator",): {LOW, MEDIUM},
    ("admin",): {LOW, MEDIUM, HIGH},
    ("owner",): {LOW, MEDIUM, HIGH},
    ("cook",): set(),
    ("viewer", "operator"): {LOW, MEDIUM},
    ("operator", "cook"): {LOW, MEDIUM},
}
ROLE, RISK = ReasonCode.ROLE_MISSING, ReasonCode.RISK_TOO_HIGH


@pytest.mark.parametrize(("roles", "risk", "required"), list(product(ROLES, Risk, REQUIRED)))
def test_the_rule_table(roles: tuple[str, ...], risk: Risk, required: tuple[str, ...]) -> None:
    """A required role takes the action's risk; without one the ceiling of the roles decides."""
    named = bool(set(roles) & set(required))
    expected = [ROLE] if required and not named else []
    if risk not in MAY_TAKE[roles] and not named:
        expected.append(RISK)

    decision = decide_by_rules(
        an_action(permission=Permission(risk=risk, roles=required)), a_principal(roles=roles)
    )

    assert [reason.code for reason in decision.reasons] == expected
    assert decision.allow is (not expected)
    assert decision.obligations == () or decision.allow


@pytest.mark.parametrize(
    ("permission", "kinds"),
    [
        pytest.param(Permission(), [], id="low risk asks nothing"),
        pytest.param(Permission(risk=MEDIUM), [], id="nor does medium"),
        pytest.param(Permission(risk=HIGH), [("confirm", 1)], id="high risk always confirms"),
        pytest.param(Permission(confirmation=True), [("confirm", 1)], id="declared confirmation"),
        pytest.param(Permission(approvals=2), [("approve", 2)], id="declared approvals"),
        pytest.param(
            Permission(risk=HIGH, approvals=1), [("confirm", 1), ("approve", 1)], id="both"
        ),
    ],
)
def test_an_allowing_decision_carries_obligations(
    permission: Permission, kinds: list[tuple[str, int]]
) -> None:
    """What still has to happen comes with the yes."""
    decision = decide_by_rules(an_action(permission=permission), a_principal(roles=("owner",)))

    assert [(item.kind.value, item.count) for item in decision.obligations] == kinds


def test_a_denial_says_who_could() -> None:
    """Reasons name what is wanted, what is there and whom to ask."""
    permission = Permission(risk=HIGH, roles=("cook", "baker"))

    role, risk = decide_by_rules(an_action(permission=permission), a_principal(roles=())).reasons

    assert role.message == "one of the roles cook, baker; the principal has none"
    assert role.remedy == "ask somebody with the role cook or baker"
    assert risk.message == "a role that may take high risk; the principal has none"
    assert risk.remedy == "ask somebody with the role admin or owner"


def test_a_decision_has_the_id_of_its_question() -> None:
    """The same question has the same id; another principal or action has another."""
    first = decide_by_rules(an_action(), a_principal())
    others = (
        decide_by_rules(an_action(id="box.put@2"), a_principal()),
        decide_by_rules(an_action(), a_principal(id="bob")),
    )

    assert first == decide_by_rules(an_action(), a_principal())
    assert first.revision == RULES_REVISION
    assert len({first.decision_id, *(item.decision_id for item in others)}) == 3


@pytest.mark.parametrize("count", [0, -1])
def test_an_obligation_demands_at_least_one(count: int) -> None:
    """A policy engine can't cancel a demand by another that is negative."""
    with pytest.raises(ValidationError):
        Obligation(kind=ObligationKind.APPROVE, count=count)


def test_a_viewer_has_no_ceiling() -> None:
    """A role that is not listed takes no risk at all."""
    assert "viewer" not in RISK_CEILING
