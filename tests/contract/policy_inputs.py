"""Make questions for policy, and units to put them to; equal seeds make equal questions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from runtime.domain.policy_input import (
    PolicyAction,
    PolicyInput,
    PolicyPermission,
    PolicyPlan,
    PolicyPrincipal,
    PolicyProject,
    PolicyTime,
)
from runtime.domain.policy_unit import PolicyUnit, unit_of
from runtime.domain.principal import Mode
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from tests.contract.policy_customers import CUSTOMERS

ORGANIZATION: Final = "org_sample"

_ROLES: Final = ("viewer", "operator", "admin", "owner", "developer", "treasurer", "Ünlü", "")
_NAMES: Final = ("ticket.refund", "box.put", "furnace.heat", "model.deploy", "Budget.move", "ré.ï")
_GROUPS: Final = ("finance", "ops", "night-shift", "Finance", "финансы", "", "admins", "owners")
_RISKS: Final = ("low", "medium", "high")
_TEXTS: Final = (
    "",
    "urgent",
    "12",
    "1.5",
    "abc",
    "Straße",
    "日本",
    "😀 a",
    "a,b;c",
    "%d",
    "a\nb",
    "\t",
)
_NUMBERS: Final = (0, 1, -1, 99, 100, 100.5, 101, 1000, 0.1, 1e-7, 1e15, 2**53 - 1, -(2**53) + 1)


def sample_units() -> dict[str, PolicyUnit]:
    """Return a unit for each customer policy, by its name; `base` has the shipped rules only."""
    return {
        name: unit_of(
            (*shipped_modules(), *modules), organization_id=ORGANIZATION, key=name, number=index + 1
        )
        for index, (name, modules) in enumerate({"base": (), **CUSTOMERS}.items())
    }


def policy_inputs(seed: int, count: int) -> list[JsonObject]:
    """Return so many questions as documents; equal seeds give equal ones."""
    random = Random(seed)
    return [_question(random).model_dump(mode="json") for _ in range(count)]


def _question(random: Random) -> PolicyInput:
    actions = [f"{random.choice(_NAMES)}@{random.randint(1, 3)}" for _ in range(_small(random, 10))]
    actions = actions or ["box.put@1"]
    index = random.randrange(len(actions))
    return PolicyInput(
        principal=_principal(random),
        project=PolicyProject(
            id=f"prj_{random.randint(1, 3)}",
            environment=random.choice(["production", "staging", ""]),
        ),
        action=_action(random, actions[index]),
        inputs=_inputs(random),
        plan=PolicyPlan(index=index, actions=tuple(actions)),
        time=PolicyTime(
            date=f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            weekday=random.randint(0, 6),
            hour=random.randint(0, 23),
            minute=random.randint(0, 59),
        ),
    )


def _principal(random: Random) -> PolicyPrincipal:
    return PolicyPrincipal(
        id=f"usr_{random.randint(1, 5)}",
        organization=ORGANIZATION,
        roles=_some(random, _ROLES),
        grant=random.choice(list(Mode)),
        claims=_claims(random),
    )


def _claims(random: Random) -> JsonObject:
    claims: JsonObject = {}
    if random.random() < 0.7:
        claims["groups"] = list(_some(random, _GROUPS))
    if random.random() < 0.2:
        claims["groups"] = _any(random, 1)
    if random.random() < 0.4:
        claims["department"] = random.choice(_GROUPS)
    if random.random() < 0.4:
        claims["limit"] = random.choice(_NUMBERS)
    if random.random() < 0.2:
        claims["https://claims.test/level"] = _any(random, 2)
    return claims


def _action(random: Random, action: str) -> PolicyAction:
    name, _, version = action.partition("@")
    return PolicyAction(
        id=action,
        name=name,
        version=int(version),
        targets=_some(random, ("box", "ticket", "furnace")),
        may_change=_some(random, ("/box/value", "/ticket/a~1b", "")),
        permission=PolicyPermission(
            risk=random.choice(_RISKS),
            confirmation=random.random() < 0.3,
            approvals=random.choice((0, 0, 0, 1, 2, 5)),
            roles=_some(random, _ROLES) if random.random() < 0.4 else (),
            visibility=random.choice(("user", "developer")),
            urgent=random.random() < 0.2,
        ),
        cost=random.choice((0, 1, 5, 1000)),
        side_effects=_some(random, ("mail.send", "pager.call")),
    )


def _inputs(random: Random) -> JsonObject:
    inputs: JsonObject = {}
    if random.random() < 0.8:
        inputs["amount"] = random.choice(_NUMBERS)
    elif random.random() < 0.5:
        inputs["amount"] = _any(random, 2)
    if random.random() < 0.6:
        inputs["note"] = random.choice(_TEXTS)
    if random.random() < 0.4:
        inputs["items"] = [_any(random, 1) for _ in range(_small(random, 4))]
    if random.random() < 0.2:
        inputs[random.choice(_TEXTS)] = _any(random, 3)
    return inputs


def _any(random: Random, depth: int) -> JsonValue:
    makers: list[Callable[[], JsonValue]] = [
        lambda: None,
        lambda: random.random() < 0.5,
        lambda: random.choice(_NUMBERS),
        lambda: random.choice(_TEXTS),
    ]
    if depth:
        makers += [
            lambda: [_any(random, depth - 1) for _ in range(_small(random, 3))],
            lambda: {random.choice(_TEXTS): _any(random, depth - 1) for _ in range(2)},
        ]
    return random.choice(makers)()


def _some(random: Random, items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(random.sample(items, _small(random, min(3, len(items)))))


def _small(random: Random, most: int) -> int:
    return random.randint(0, most)
