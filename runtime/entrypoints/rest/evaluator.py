"""Propose in the environments of the installed plugins, for evaluation: nothing is executed.

It keeps compiled sandboxes, a bounded number of them, because callers choose which actions are
offered and who asks.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from runtime.agent.patience import PATIENT, Patience
from runtime.agent.planner import Planner, Proposed, Sampling
from runtime.agent.prompt import Conversation
from runtime.domain.errors import DeclarationError
from runtime.domain.principal import Principal
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.plugins.loader import environment_names
from runtime.ports.chat_model import ChatModel, ModelError, ModelFault
from runtime.sandbox import Sandbox, Situation

KEPT_SANDBOXES: Final = 64
KEPT_PRINCIPALS: Final = 256
"""A sandbox keeps what it told each principal; after so many it is built anew."""

_CODES: Final[Mapping[ModelFault, ProblemCode]] = MappingProxyType(
    {
        ModelFault.RATE_LIMITED: ProblemCode.MODEL_RATE_LIMITED,
        ModelFault.TIMEOUT: ProblemCode.MODEL_TOO_SLOW,
        ModelFault.CONNECTION: ProblemCode.MODEL_FAILED,
        ModelFault.SERVER: ProblemCode.MODEL_FAILED,
        ModelFault.MALFORMED: ProblemCode.MODEL_FAILED,
        ModelFault.UNAUTHORIZED: ProblemCode.MODEL_UNAVAILABLE,
        ModelFault.BAD_REQUEST: ProblemCode.MODEL_REFUSED_REQUEST,
        ModelFault.UNAVAILABLE: ProblemCode.MODEL_UNAVAILABLE,
    }
)


@dataclass(slots=True)
class _Kept:
    sandbox: Sandbox
    principals: set[Principal] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Say how the platform asks its model: its own settings, none of which a caller sends.

    Attributes:
        model: None when the platform has none.
        monotonic_s: the clock that latencies are read from.
        longest_s: after which a proposal is given up.
    """

    model: ChatModel | None
    monotonic_s: Callable[[], float]
    patience: Patience = PATIENT
    longest_s: float = 120.0


class Evaluator:
    """Answer with what the platform would propose; belongs to one event loop."""

    def __init__(self, asking: Asking, *, environments: Iterable[str] | None = None) -> None:
        """Compile every environment, by default all that are installed.

        Raises:
            DeclarationError: a plugin can't be loaded, or declares what can't be compiled.
        """
        self._asking = asking
        names = environment_names() if environments is None else tuple(environments)
        self.sandboxes: Mapping[str, Sandbox] = {name: Sandbox.named(name) for name in names}
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], _Kept] = OrderedDict()

    def whole(self, environment: str) -> Sandbox:
        """Return the sandbox that offers all actions of an environment.

        Raises:
            ProblemError: ENVIRONMENT_UNKNOWN.
        """
        found = self.sandboxes.get(environment)
        if found is None:
            known = ", ".join(self.sandboxes) or "none"
            raise ProblemError(
                ProblemCode.ENVIRONMENT_UNKNOWN,
                f"no environment '{environment[:80]}' is installed; installed: {known}",
            )
        return found

    def sandbox(self, whole: Sandbox, *, only: tuple[str, ...], principal: Principal) -> Sandbox:
        """Return the sandbox that offers only some actions to somebody; none named means all.

        Raises:
            ProblemError: ACTIONS_UNKNOWN.
        """
        key = (whole.environment.id, tuple(sorted(set(only))))
        kept = self._kept.pop(key, None)
        full = kept is not None and len(kept.principals) >= KEPT_PRINCIPALS
        if kept is None or (full and principal not in kept.principals):
            kept = _Kept(_built(whole, key[1]))
        self._kept[key] = kept
        kept.principals.add(principal)
        if len(self._kept) > KEPT_SANDBOXES:
            self._kept.popitem(last=False)
        return kept.sandbox

    async def propose(
        self, sandbox: Sandbox, conversation: Conversation, situation: Situation, *, seed: int
    ) -> Proposed:
        """Ask the platform's model, as the platform would.

        Raises:
            ProblemError: MODEL_MISSING, or what the model's fault stands for.
        """
        asking = self._asking
        if asking.model is None:
            raise ProblemError(
                ProblemCode.MODEL_MISSING,
                "the platform asks no model; set PLANGATE_MODEL to a model reference there",
            )
        planner = Planner(
            model=asking.model,
            sampling=Sampling(seed=seed, patience=asking.patience),
            monotonic_s=asking.monotonic_s,
        )
        try:
            async with asyncio.timeout(asking.longest_s):
                return await sandbox.propose(
                    planner, conversation, situation, labels={"seed": str(seed)}
                )
        except TimeoutError:
            raise ProblemError(
                ProblemCode.MODEL_TOO_SLOW, f"no proposal within {asking.longest_s:g} s"
            ) from None
        except ModelError as error:
            raise _problem(error) from error


def _built(whole: Sandbox, only: tuple[str, ...]) -> Sandbox:
    try:
        return Sandbox.of(whole.plugin, whole.environment, only=only)
    except DeclarationError as error:
        raise ProblemError(ProblemCode.ACTIONS_UNKNOWN, str(error)) from error


def _problem(error: ModelError) -> ProblemError:
    """Tell the fault without the model's reference, which may name an inner address."""
    waits = error.retry_after_s
    headers = {} if waits is None else {"Retry-After": f"{max(0, round(waits))}"}
    detail = f"the platform's model: {error.fault.value}: {error.detail}"
    return ProblemError(_CODES[error.fault], detail, headers=headers)
