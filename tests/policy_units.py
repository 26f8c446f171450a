"""Build questions for policy and the units of modules that are asked."""

from __future__ import annotations

from typing import Final

from runtime.domain.policy_input import PolicyProject, policy_input
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.domain.principal import Principal
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyFaultError
from tests.builders import NOW, a_plan, a_principal, a_step, an_action

ORGANIZATION: Final = "package tenant.organization\n"
PROJECT: Final = "package tenant.project\n"
EXPLODING: Final = (
    "roles contains role if {\n"
    "\tsome first in numbers.range(1, 100000)\n"
    "\tsome second in numbers.range(1, 100000)\n"
    "\tfirst * second == -1\n"
    '\trole := "never"\n'
    "}\n"
)
"""Rules that need hours."""


def a_module(text: str, path: str = "organization/rules.rego") -> PolicyModule:
    """Build a module."""
    return PolicyModule(path=path, text=text)


def a_unit(*texts: str, organization_id: str = "org") -> PolicyUnit:
    """Build a unit of the shipped rules and of modules with these texts."""
    modules = [a_module(text, f"tenant/{at}.rego") for at, text in enumerate(texts)]
    return unit_of((*shipped_modules(), *modules), organization_id=organization_id)


def a_question(principal: Principal | None = None, **changes: JsonValue) -> JsonObject:
    """Build a question that the shipped rules answer with yes; `changes` replace its parts."""
    document: JsonObject = policy_input(
        a_plan([a_step()]),
        0,
        action=an_action(),
        principal=principal or a_principal(roles=("admin",)),
        project=PolicyProject(id="project", environment="production"),
        now=NOW,
    ).model_dump(mode="json")
    return document | changes


def answer_of(said: JsonValue | PolicyFaultError) -> JsonObject:
    """Return what an evaluator answered; fail if it is a fault."""
    assert isinstance(said, dict), said
    return said
