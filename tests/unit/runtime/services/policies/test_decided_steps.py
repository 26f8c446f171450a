"""Whatever is no answer of rules denies, with a code that says why."""

from __future__ import annotations

import pytest

from runtime.domain.policy import Obligation, ObligationKind
from runtime.domain.reason import ReasonCode
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError
from runtime.services.policies.decided_steps import decided, decision_id_of

DENIAL: JsonObject = {"code": "policy_denied", "message": "not on Sundays", "remedy": "wait"}
ALLOWED: JsonObject = {"allow": True, "denials": [], "obligations": [], "roles": ["operator"]}
DENIED: JsonObject = {**ALLOWED, "allow": False, "denials": [DENIAL]}


def read(answer: JsonValue | PolicyFaultError) -> tuple[bool, list[ReasonCode], str]:
    """Read an answer: whether it allows, why not, and under which name it is recorded."""
    decision = decided(answer, revision="r", decision_id="d")
    return decision.allow, [reason.code for reason in decision.reasons], decision.decision_id


def test_an_answer_that_allows_carries_its_obligations_and_roles() -> None:
    """What it takes besides is for the engine to see to."""
    answer = {**ALLOWED, "obligations": [{"kind": "approve", "count": 2, "role": "finance"}]}

    decision = decided(answer, revision="r", decision_id="d")

    assert decision.allow
    assert decision.obligations == (
        Obligation(kind=ObligationKind.APPROVE, count=2, role="finance"),
    )
    assert (decision.roles, decision.revision) == (("operator",), "r")


def test_a_denial_says_why_and_asks_for_nothing() -> None:
    """Obligations of what is denied would only mislead."""
    answer = {**DENIED, "obligations": [{"kind": "confirm"}]}

    decision = decided(answer, revision="r", decision_id="d")

    assert not decision.allow
    assert decision.obligations == ()
    assert (decision.reasons[0].message, decision.reasons[0].remedy) == ("not on Sundays", "wait")


@pytest.mark.parametrize(
    ("code", "read_as"),
    [
        ("role_missing", ReasonCode.ROLE_MISSING),
        ("risk_too_high", ReasonCode.RISK_TOO_HIGH),
        ("budget_exceeded", ReasonCode.POLICY_DENIED),
        ("whatever", ReasonCode.POLICY_DENIED),
    ],
)
def test_rules_can_give_only_reasons_that_are_theirs(code: str, read_as: ReasonCode) -> None:
    """A rule can't pretend that a budget or a guard had refused."""
    answer = {**DENIED, "denials": [{**DENIAL, "code": code}]}

    assert read(answer) == (False, [read_as], "d")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="null"),
        pytest.param(True, id="true"),
        pytest.param("allow", id="a text"),
        pytest.param([ALLOWED], id="a list"),
        pytest.param({}, id="nothing in it"),
        pytest.param({**ALLOWED, "allow": "true"}, id="a text for allow"),
        pytest.param({**ALLOWED, "allow": 1}, id="a number for allow"),
        pytest.param({**ALLOWED, "allow": None}, id="null for allow"),
        pytest.param({"allow": True}, id="only allow"),
        pytest.param({**ALLOWED, "more": 1}, id="a member too many"),
        pytest.param({**ALLOWED, "denials": [DENIAL]}, id="allowed and denied"),
        pytest.param({**DENIED, "denials": []}, id="denied for no reason"),
        pytest.param({**DENIED, "denials": ["no"]}, id="a denial that is a text"),
        pytest.param({**ALLOWED, "obligations": [{"kind": "pray"}]}, id="a strange obligation"),
        pytest.param({**ALLOWED, "obligations": [{"kind": "approve", "count": 0}]}, id="by nobody"),
        pytest.param(
            {**ALLOWED, "obligations": [{"kind": "redact", "pointers": ["card"]}]}, id="no pointer"
        ),
        pytest.param({**ALLOWED, "roles": [1]}, id="a role that is a number"),
        pytest.param({**ALLOWED, "roles": "admin"}, id="a text for roles"),
        pytest.param({**ALLOWED, "note": float("nan")}, id="not JSON"),
    ],
)
def test_what_is_no_such_document_denies(answer: JsonValue) -> None:
    """It is not looked at any further, and not recorded as a decision."""
    assert read(answer) == (False, [ReasonCode.POLICY_MALFORMED], "")


@pytest.mark.parametrize("fault", list(PolicyFault))
def test_each_fault_denies_with_a_code_of_its_own(fault: PolicyFault) -> None:
    """People can tell an engine that is down from one that is slow or says nothing."""
    allow, codes, name = read(PolicyFaultError(fault, "details"))

    assert (allow, name) == (False, "")
    assert codes == [ReasonCode(fault.value)]


def test_equal_names_mean_equal_rules_and_questions() -> None:
    """A decision's name changes with either."""
    name = decision_id_of("r", b"{}")

    assert name == decision_id_of("r", b"{}")
    assert len({name, decision_id_of("s", b"{}"), decision_id_of("r", b"[]")}) == 3
