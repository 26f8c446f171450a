"""The role of a side effect: what it is declared as, called with, given, and what it gives back.

Implemented by plugins, which find all of this behind `runtime.plugins.effects`. A worker calls the
handler after the commit, never in a request, and at least once: whoever repeats something outside
hands on `EffectCall.idempotency_key`, which stays the same in every attempt.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from runtime.domain.errors import DeclarationError
from runtime.domain.principal import Principal
from runtime.domain.retry import DEFAULT_RETRIES, RetryPolicy
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import ChatModel
from runtime.ports.egress import Egress
from runtime.ports.mail import Mailer
from runtime.ports.page_reader import PageReader
from runtime.ports.secret_source import SecretSource

EFFECT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
LONGEST_TIMEOUT_S: Final = 3_600.0
"""The longest start-to-close; a broker must not offer a message anew before it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCall:
    """Say what a handler is called for.

    Attributes:
        job_id: the job.
        idempotency_key: what the other side recognises a repetition by; equal in every attempt.
        organization: whose it is.
        project: where it was executed.
        principal: for whom, as what they are in the project now.
        outcome_id: the execution that asked for it.
        step: which step of the plan, from 0 on.
        action: the action that declares the effect, `name@version`.
        inputs: of the action, as they were executed.
        diff: what the step changed, RFC 6902.
        attempt: from 1 on; grows with every try and every lost worker.
        crashes: how many of those attempts were lost with their worker, since a person last asked.
        payload: what the action's declaration gives to the effect. It may hold references such as
            `{"secret": "name"}`, which only the worker resolves; never values of secrets.
    """

    job_id: str
    idempotency_key: str
    organization: str
    project: str
    principal: Principal
    outcome_id: str
    step: int
    action: str
    inputs: JsonObject
    diff: tuple[JsonObject, ...]
    attempt: int
    payload: JsonObject
    crashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectResult:
    """Give back what came of an effect.

    Attributes:
        document: what is kept of it, for people; 64 KB at most, and no secret.
        write_back: inputs of the action by which the result enters the state; None for nothing.
            Which action that is, is declared. It passes every guard, as its principal's own does.
    """

    document: JsonObject = field(default_factory=dict)
    write_back: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTools:
    """Hand a handler what it may reach the world with.

    Attributes:
        clock: the time.
        egress: requests.
        secrets: values of references.
        mailer: messages; None where no mail server is configured.
        models: the chat models that the operator lets effects use, by the names they are given.
        pages: a browser; None where there is none.
    """

    clock: Clock
    egress: Egress
    secrets: SecretSource
    mailer: Mailer | None = None
    models: Mapping[str, ChatModel] = field(default_factory=dict)
    pages: PageReader | None = None


EffectHandler: TypeAlias = Callable[[EffectCall, EffectTools], Awaitable[EffectResult]]
"""What a plugin runs. Any exception but `PermanentError` means that it may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Declare one side effect.

    Attributes:
        name: what actions declare, such as `mail.send`.
        version: grows when the handler changes what it does; for the record.
        handler: does it; must leave the event loop alone while it waits.
        start_to_close_s: how long one attempt may take.
        schedule_to_start_s: how long it may wait for its first start, if that matters; then it is
            dead instead of late.
        retries: how often, and how long apart.
        result_action: the action that writes results back, unless the action that asks names one.
    """

    name: str
    handler: EffectHandler = field(repr=False, compare=False)
    version: int = 1
    start_to_close_s: float = 30.0
    schedule_to_start_s: float | None = None
    retries: RetryPolicy = DEFAULT_RETRIES
    result_action: str | None = None

    def __post_init__(self) -> None:
        problems = [
            problem
            for wrong, problem in (
                (not EFFECT_NAME.fullmatch(self.name), "name: expected `noun.verb`"),
                (self.version < 1, "version: expected 1 or more"),
                (
                    not 0 < self.start_to_close_s <= LONGEST_TIMEOUT_S,
                    f"start_to_close_s: expected above 0 and at most {LONGEST_TIMEOUT_S:g}",
                ),
                (
                    self.schedule_to_start_s is not None and self.schedule_to_start_s <= 0,
                    "schedule_to_start_s: expected above 0",
                ),
            )
            if wrong
        ]
        if problems:
            raise DeclarationError(subject=f"effect '{self.name}'", problems=tuple(problems))


Effects: TypeAlias = Mapping[str, Effect]


def effects_by_name(effects: Iterable[Effect]) -> Effects:
    """Return effects by their names.

    Raises:
        DeclarationError: two of them have one name.
    """
    named: dict[str, Effect] = {}
    for effect in effects:
        if effect.name in named:
            problem = "it is declared twice; names of effects are unique among all plugins"
            raise DeclarationError(subject=f"effect '{effect.name}'", problems=(problem,))
        named[effect.name] = effect
    return MappingProxyType(named)
