"""The laws of the shipped rules: they answer as the rule table does, and never fail open."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from random import Random
from typing import Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from regorus import Engine

from runtime.domain.action import Permission, Risk
from runtime.domain.policy import decide_by_rules
from runtime.domain.policy_input import PolicyProject, PolicyVerdict, policy_input
from runtime.domain.policy_unit import ENTRYPOINT
from runtime.domain.principal import Principal
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from tests.builders import NOW, a_plan, a_principal, a_step, an_action
from tests.policy_units import a_question

ROLES: Final = ("viewer", "operator", "admin", "owner", "developer", "doctor", "a b", "Ünlü", "<&>")
PROJECT: Final = PolicyProject(id="project", environment="production")
SILENCE: Final = '"<undefined>"'


def _engine(*texts: str) -> Engine:
    engine = Engine()
    for module in shipped_modules():
        engine.add_policy(module.path, module.text)
    for at, text in enumerate(texts):
        engine.add_policy(f"tenant/{at}.rego", text)
    return engine


ENGINE: Final = _engine()


def _said(question: JsonValue, engine: Engine = ENGINE) -> JsonValue:
    """Return what the rules answer, or None where they fail or are silent."""
    engine.set_input_json(orjson.dumps(question).decode())
    try:
        answer = engine.eval_rule_as_json(ENTRYPOINT)
    except RuntimeError:
        return None
    return None if answer == SILENCE else orjson.loads(answer)


def _permissions_and_roles(count: int) -> Iterator[tuple[Permission, tuple[str, ...]]]:
    """Return every permission on a grid, with some roles each, until there are so many."""
    random = Random(5)
    grid = list(product(Risk, (False, True), (0, 1, 3), range(4)))
    for number in range(count):
        risk, confirmation, approvals, required = grid[number % len(grid)]
        roles = tuple(random.choices(ROLES, k=required))
        held = tuple(random.choices(ROLES, k=random.randrange(4)))
        permission = Permission(
            risk=risk, confirmation=confirmation, approvals=approvals, roles=roles
        )
        yield permission, held


def _differs(permission: Permission, principal: Principal) -> str:
    """Return how the two answers differ, or nothing."""
    action = an_action(permission=permission)
    asked = policy_input(
        a_plan([a_step()]), 0, action=action, principal=principal, project=PROJECT, now=NOW
    )
    verdict = PolicyVerdict.model_validate(_said(asked.model_dump(mode="json")))
    decision = decide_by_rules(action, principal)
    told = [(denial.code, denial.message, denial.remedy) for denial in verdict.denials]
    expected = [(reason.code.value, reason.message, reason.remedy) for reason in decision.reasons]
    same = (
        verdict.allow == decision.allow
        and told == expected
        and verdict.obligations == decision.obligations
        and verdict.roles == principal.roles
    )
    return "" if same else f"{permission} {principal.roles}: {verdict} instead of {decision}"


def test_rego_answers_as_the_rule_table_does() -> None:
    """10,800 permissions and roles: the same codes, texts, order and obligations."""
    cases = _permissions_and_roles(10_800)

    different = [
        text
        for permission, roles in cases
        if (text := _differs(permission, a_principal(roles=roles)))
    ]

    assert different == []


def _paths(document: JsonValue, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the path to each member of the two parts that shipped rules read."""
    for key, value in document.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from _paths(value, (*path, key))


def _with(path: tuple[str, ...], *values: JsonValue) -> JsonObject:
    """Return a question with another value at a path, or without it."""
    question = deepcopy(a_question())
    place = question
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    if values:
        place[path[-1]] = values[0]
    return question


FIELDS: Final = sorted(path for path in _paths(a_question()) if path[0] in {"principal", "action"})
WRONG: Final = (None, True, 7, "seven", ["seven"], [7], {"seven": 7})


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_a_field_that_is_missing_never_allows(path: tuple[str, ...]) -> None:
    """The rules are silent about a question that lacks something, and silence denies."""
    assert _said(a_question())["allow"] is True
    assert _said(_with(path)) is None


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_a_field_of_another_type_never_allows(path: tuple[str, ...]) -> None:
    """Null, and every type but its own, leave the rules silent."""
    own = a_question()
    for key in path:
        own = own[key]
    wrong = [value for value in WRONG if type(value) is not type(own)]

    assert [value for value in wrong if _said(_with(path, value)) is not None] == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["owner", "low", ""]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["principal", "roles", "action", "permission", "risk"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_no_other_document_is_allowed(question: JsonValue) -> None:
    """Whatever is asked that is no question, nothing is allowed."""
    assert _said(question) is None


ANSWERS: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["message", "owner", "confirm", "admin", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "remedy", "kind", "count"]), inner)
    ),
    max_leaves=5,
)


@given(
    rule=st.sampled_from(["deny", "obligations", "roles"]), answer=ANSWERS, in_a_set=st.booleans()
)
def test_what_a_tenant_answers_denies_or_is_understood(
    *, rule: str, answer: JsonValue, in_a_set: bool
) -> None:
    """An answer of another shape is never passed over: it denies, or is refused as no verdict."""
    spelled = orjson.dumps(answer).decode()
    value = f"{{{spelled}}}" if in_a_set else spelled
    said = _said(a_question(), _engine(f"package tenant.organization\n{rule} := {value}"))

    try:
        verdict = PolicyVerdict.model_validate(said)
    except ValidationError:
        return
    understood = {
        "deny": False,
        "obligations": in_a_set and isinstance(answer, dict) and len(verdict.obligations) == 1,
        "roles": in_a_set and isinstance(answer, str),
    }[rule]
    assert verdict.allow is understood
