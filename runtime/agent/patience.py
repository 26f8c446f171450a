"""Ask a model again when trying again may help, within bounds.

Nothing here decides about plans: a fault that outlasts the retries is raised as it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from runtime.kit.backoff import delay_s
from runtime.ports.chat_model import ChatModel, ChatRequest, Completion, ModelError

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bound the retries of one request.

    Attributes:
        retries: further attempts after the first.
        base_s: first delay before jitter.
        cap_s: longest delay, also of what a provider asks for by Retry-After.
        sleep: waits; tests pass their own.
    """

    retries: int = 3
    base_s: float = 0.5
    cap_s: float = 30.0
    sleep: Sleep = asyncio.sleep


PATIENT = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Pair a completion with how often it had to be asked for again."""

    completion: Completion
    retries: int


async def ask(model: ChatModel, request: ChatRequest, patience: Patience) -> Answer:
    """Complete a request, waiting and retrying where the fault allows.

    Raises:
        ModelError: the fault can't be retried, or the retries are used up.
    """
    attempt = 0
    while True:
        try:
            return Answer(completion=await model.complete(request), retries=attempt)
        except ModelError as error:
            if attempt >= patience.retries or not error.fault.may_retry:
                raise
            jitter = Random(f"{request.seed}/{attempt}").random()  # spreads retries, no secret
            await patience.sleep(_wait_s(error, attempt, patience, jitter=jitter))
            attempt += 1


def _wait_s(error: ModelError, attempt: int, patience: Patience, *, jitter: float) -> float:
    if error.retry_after_s is not None:
        return max(0.0, min(error.retry_after_s, patience.cap_s))  # NaN and the past are now
    return delay_s(attempt, base_s=patience.base_s, cap_s=patience.cap_s, jitter=jitter)
