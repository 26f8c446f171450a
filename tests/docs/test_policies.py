"""The page about policies says what the program does, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from runtime.adapters.rego.checker import RegoChecker
from runtime.domain.policy_input import PolicyProject, policy_input
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.reason import ReasonCode
from runtime.policies import shipped_modules
from tests.builders import NOW, a_plan, a_principal, a_step, an_action
from tests.docs.policy_schema import SCHEMA, policy_schema

PAGE: Final = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLES: Final = tuple(
    PolicyModule(path=f"organization/{number}.rego", text=text)
    for number, text in enumerate(re.findall(r"```rego\n(.*?)```", PAGE, re.DOTALL))
)


def test_the_committed_schema_is_current() -> None:
    """Editors and engines check inputs by what the program really sends."""
    assert SCHEMA.read_bytes() == policy_schema(), (
        "docs/policy.schema.json is out of date; renew it: python -m tests.docs.policy_schema"
    )


def test_a_question_satisfies_the_published_schema() -> None:
    """So does whatever rules are asked."""
    asked = policy_input(
        a_plan([a_step(value=3)]),
        0,
        action=an_action(),
        principal=a_principal(),
        project=PolicyProject(id="prj_1", environment="counter"),
        now=NOW,
    )
    schema = orjson.loads(SCHEMA.read_bytes())
    validator = Draft202012Validator({**schema, "$ref": "#/$defs/input"})

    assert [str(item) for item in validator.iter_errors(asked.model_dump(mode="json"))] == []


async def test_the_examples_can_be_used_and_pass_their_own_test() -> None:
    """Whoever copies them has rules that are kept."""
    assert module_problems(EXAMPLES, level=PolicyLevel.ORGANIZATION) == ()

    checked = await RegoChecker().check((*shipped_modules(), *EXAMPLES))

    assert checked.problems == ()
    assert [(test.name, test.passed) for test in checked.tests] == [
        ("tenant.organization_test.test_a_large_refund_is_denied", True)
    ]


@pytest.mark.parametrize("code", [item for item in ReasonCode if item.value.startswith("policy_")])
def test_each_refusal_of_policy_is_explained(code: ReasonCode) -> None:
    """A person who meets one finds out what it means."""
    if code is not ReasonCode.POLICY_UNAVAILABLE:  # of a simulation without rules
        assert f"`{code.value}`" in PAGE
