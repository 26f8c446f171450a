"""Declare an operation on components: what it takes, may change, costs and needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.domain.job import HIGHEST_PRIORITY, USUAL_PRIORITY
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.json_pointer import PointerError, parse
from runtime.kit.json_value import JsonObject

ACTION_ID = re.compile(
    r"^(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)@(?P<version>[1-9][0-9]*)$"
)

LONGEST_DELAY_S: Final = 7 * 86_400.0
LONGEST_SERIAL: Final = 200
MOST_PARAMETER_BYTES: Final = 32_768

Handler: TypeAlias = Callable[[JsonObject, JsonObject], JsonObject]
"""A pure function `(inputs, state) -> state`; both arguments are the handler's own copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationHandler:
    """A handler that is told for whom it is called, so that its faults are not everybody's.

    Attributes:
        act: takes the organization, the inputs and the state.
    """

    act: Callable[[str, JsonObject, JsonObject], JsonObject]

    def __call__(self, inputs: JsonObject, state: JsonObject) -> JsonObject:
        """Act for nobody in particular, as tests do."""
        return self.act("", inputs, state)


class Risk(StrEnum):
    """Grade how bad a mistaken call would be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Visibility(StrEnum):
    """Say who may see an action; developer actions are hidden from the model."""

    USER = "user"
    DEVELOPER = "developer"


class HandlerRefusal(Exception):  # noqa: N818  # a handler's "no", not a fault
    """Raise inside a handler to fail the step with a message for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """State what a caller needs before an action may run.

    Attributes:
        risk: graded against the ceiling of the caller's roles.
        confirmation: a person must confirm even where the mode would not ask.
        approvals: how many other people must approve; 0 for none.
        roles: the caller needs one of these; empty means any role whose ceiling allows it.
        visibility: `developer` hides the action from the model and from users.
        urgent: a safety action, such as an emergency stop: execution windows, rate limits, quotas
            and budgets don't hold it back. Roles, preconditions and people still do.
    """

    risk: Risk = Risk.LOW
    confirmation: bool = False
    approvals: int = 0
    roles: tuple[str, ...] = ()
    visibility: Visibility = Visibility.USER
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEffect:
    """Name a job that runs after the commit, through the queue, never in the request.

    Attributes:
        job: the name under which a plugin registers what runs.
        description: what follows, for people.
        parameters: given to it as they stand here; references to secrets, never their values.
        result_action: the action by which its result enters the state, `name@version`; empty for
            what the effect declares, if anything.
        serial: of a project's jobs with one serial name, one runs at a time, in the order of their
            commits; empty for all at once.
        unique_by: JSON Pointers into the inputs: while a job of this name waits or runs, another
            with equal values there is not put; None puts each.
        priority: 0 to 9; the largest first.
        delay_s: how long after the commit it may start.
    """

    job: str
    description: str
    parameters: JsonObject = field(default_factory=dict, hash=False)
    result_action: str = ""
    serial: str = ""
    unique_by: tuple[str, ...] | None = None
    priority: int = USUAL_PRIORITY
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise DeclarationError(subject=f"side effect {self.job}", problems=problems)

    def document(self) -> JsonObject:
        """Return the declaration as JSON; what is as usual is not told."""
        unique_by = None if self.unique_by is None else list(self.unique_by)
        usual = {
            "parameters": (self.parameters, {}),
            "result_action": (self.result_action, ""),
            "serial": (self.serial, ""),
            "unique_by": (unique_by, None),
            "priority": (self.priority, USUAL_PRIORITY),
            "delay_s": (self.delay_s, 0.0),
        }
        return {
            "job": self.job,
            "description": self.description,
            **{name: value for name, (value, default) in usual.items() if value != default},
        }

    def _problems(self) -> Iterator[str]:
        if not 0 <= self.priority <= HIGHEST_PRIORITY:
            yield f"priority: is {self.priority}, expected 0 to {HIGHEST_PRIORITY}"
        if not 0 <= self.delay_s <= LONGEST_DELAY_S:
            yield f"delay_s: is {self.delay_s}, expected 0 to {LONGEST_DELAY_S:g}"
        if self.result_action and not ACTION_ID.fullmatch(self.result_action):
            yield f"result_action: is '{self.result_action}', expected 'noun.verb@version'"
        if len(self.serial) > LONGEST_SERIAL:
            yield f"serial: has {len(self.serial)} letters, expected {LONGEST_SERIAL} at most"
        try:
            size = len(canonical_bytes(self.parameters))
            for pointer in self.unique_by or ():
                parse(pointer)
        except (CanonicalJsonError, PointerError) as error:
            yield str(error)
            return
        if size > MOST_PARAMETER_BYTES:
            yield f"parameters: have {size} bytes, expected {MOST_PARAMETER_BYTES} at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Describe one operation and carry the pure function that performs it.

    Attributes:
        id: `noun.verb@version`, such as `ticket.refund@2`.
        title: what a person calls it.
        description: what it does and when to use it, for people and for the model.
        targets: the components that it works on.
        input_schema: JSON Schema 2020-12 of type object; defaults in it are filled in.
        may_change: JSON Pointers below which the handler may change state; `*` matches one token.
        permission: what the caller needs.
        preconditions: rules over `state` and `inputs` that must hold before it runs.
        cost: integer units, reserved before and settled after.
        tokens: tokens of models that it is expected to use, reserved and settled alike.
        money_micros: what it costs, in millionths of the organization's currency; alike.
        side_effects: jobs that follow the commit.
        handler: the pure function.
    """

    id: str
    title: str
    description: str
    targets: tuple[str, ...]
    input_schema: JsonObject
    may_change: tuple[str, ...]
    handler: Handler = field(repr=False, compare=False)
    permission: Permission = Permission()
    preconditions: tuple[Condition, ...] = ()
    cost: int = 1
    tokens: int = 0
    money_micros: int = 0
    side_effects: tuple[SideEffect, ...] = ()

    @property
    def name(self) -> str:
        """Return the id without its version."""
        return self.id.rpartition("@")[0]

    @property
    def version(self) -> int:
        """Return the number behind the `@`."""
        return int(self.id.rpartition("@")[2])

    @property
    def reads_only(self) -> bool:
        """Say whether the action declares that it changes nothing."""
        return not self.may_change

    def document(self) -> JsonObject:
        """Return the declaration as JSON, for digests and for the model.

        Tokens and money are told where there are any.
        """
        permission = self.permission
        charged = {"tokens": self.tokens, "money_micros": self.money_micros}
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "targets": list(self.targets),
            "input_schema": self.input_schema,
            "preconditions": [
                {"rule": rule.rule, "message": rule.message} for rule in self.preconditions
            ],
            "effects": {"may_change": list(self.may_change)},
            "permission": {
                "risk": permission.risk.value,
                "confirmation": permission.confirmation,
                "approvals": permission.approvals,
                "roles": list(permission.roles),
                "visibility": permission.visibility.value,
                "urgent": permission.urgent,
            },
            "cost": self.cost,
            **{name: amount for name, amount in charged.items() if amount},
            "side_effects": [effect.document() for effect in self.side_effects],
        }
