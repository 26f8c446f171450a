"""Answer policy questions with the embedded engine, in child processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
from typing_extensions import override

from runtime.adapters.rego.frames import MOST_BYTES, Reply, Request
from runtime.adapters.rego.pool import ChildPool
from runtime.adapters.rego.process import Caps, ChildLostError, ChildProcess
from runtime.domain.policy_unit import ENTRYPOINT, PolicyModule, PolicyUnit, revision_of
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.clock import Clock, SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyEvaluator, PolicyFault, PolicyFaultError

_MEMORY_BYTES: Final = 256 * 2**20
_NOBODY: Final = ""
"""No organization and no revision: the question whether anything answers."""


class RegoEvaluator(PolicyEvaluator):
    """Evaluate units in children; a child that takes too much is killed and replaced.

    Args:
        workers: how many questions are answered at a time, each in a process of its own.
        time_s: how long one call of `decide` may take in a child, after it has got one.
        memory_bytes: how much a child may allocate.
        wait_s: how long a call waits for a child to be free.
        clock: what measures for how long rules that broke a child are refused.
    """

    remembers = True

    def __init__(
        self,
        workers: int = 2,
        *,
        time_s: float = 1.0,
        memory_bytes: int = _MEMORY_BYTES,
        wait_s: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        self.pool = ChildPool(
            workers,
            caps=Caps(time_s=time_s, memory_bytes=memory_bytes),
            clock=clock or SystemClock(),
            wait_s=wait_s,
        )

    @override
    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Return what the rules say of each input; see the port."""
        if not inputs:
            return []
        texts = [_spelled(one) for one in inputs]
        spelled = [text for text in texts if isinstance(text, bytes)]
        if sum(map(len, spelled)) > MOST_BYTES // 2:
            raise PolicyFaultError(PolicyFault.MALFORMED, "inputs too long for one call")
        question = [
            Request.DECIDE.value.encode(),
            unit.revision.encode(),
            ENTRYPOINT.encode(),
            *spelled,
        ]
        try:
            reply = await self._reply(unit, question)
        except ChildLostError:
            reply = await self._reply(unit, question)
        if reply[0] == Reply.FAILED.value.encode():
            raise PolicyFaultError(PolicyFault.FAILED, f"not loaded: {reply[1].decode()}")
        answers = map(answer_of, reply[1::2], reply[2::2])
        return [next(answers) if isinstance(text, bytes) else text for text in texts]

    @override
    async def ready(self) -> None:
        """Return if a child answers; see the port."""
        try:
            await self._ping()
        except ChildLostError:
            await self._ping()

    @override
    async def close(self) -> None:
        """End all children."""
        await self.pool.close()

    async def _reply(self, unit: PolicyUnit, question: Sequence[bytes]) -> list[bytes]:
        async with self.pool.lend(unit.organization_id, unit.revision) as child:
            return await _asked(child, unit=unit, question=question)

    async def _ping(self) -> None:
        async with self.pool.lend(_NOBODY, _NOBODY) as child:
            await child.ask([Request.DECIDE.value.encode(), b"", b""])


async def _asked(
    child: ChildProcess, *, unit: PolicyUnit, question: Sequence[bytes]
) -> list[bytes]:
    """Ask, and hand over the modules where the child does not have them."""
    reply = await child.ask(question)
    if reply[0] != Reply.UNKNOWN.value.encode():
        return reply
    try:
        modules = _verified_modules(unit)
    except PolicyFaultError as error:  # no fault of the child, so it is not ended
        return [Reply.FAILED.value.encode(), error.detail.encode()]
    loaded = await child.ask([Request.LOAD.value.encode(), unit.revision.encode(), *modules])
    if loaded[0] != Reply.DONE.value.encode():
        return loaded
    child.known.add(unit.revision)
    return await child.ask(question)


def _verified_modules(unit: PolicyUnit) -> list[bytes]:
    """Return the modules, if they are those of the revision: a child keeps them under its name."""
    spelled = spelled_modules(unit.modules)
    if revision_of(unit.modules) != unit.revision:
        raise PolicyFaultError(PolicyFault.FAILED, "modules of another revision than they say")
    return spelled


def spelled_modules(modules: Sequence[PolicyModule]) -> list[bytes]:
    """Return path and text of each module as parts of a message.

    Raises:
        PolicyFaultError: a text is not Unicode.
    """
    try:
        return [part.encode() for module in modules for part in (module.path, module.text)]
    except UnicodeEncodeError:
        raise PolicyFaultError(PolicyFault.FAILED, "a module is not UTF-8") from None


def _spelled(one: JsonObject) -> bytes | PolicyFaultError:
    try:
        return canonical_bytes(one)  # as it is sent to an OPA server, and recorded
    except CanonicalJsonError:
        return PolicyFaultError(PolicyFault.MALFORMED, "the input is not JSON")


def answer_of(kind: bytes, spelled: bytes) -> JsonValue | PolicyFaultError:
    """Return what a child says of one input, or the fault that it tells."""
    match Reply(kind.decode()):
        case Reply.VALUE:
            return _parsed(spelled)
        case Reply.UNDEFINED:
            return PolicyFaultError(PolicyFault.UNDEFINED, f"{ENTRYPOINT} has no value")
        case Reply.TOO_LONG:
            return PolicyFaultError(PolicyFault.MALFORMED, f"an answer of {spelled.decode()} bytes")
        case _:
            return PolicyFaultError(PolicyFault.FAILED, f"failed at {spelled.decode()}")


def _parsed(spelled: bytes) -> JsonValue | PolicyFaultError:
    try:
        return orjson.loads(spelled)
    except orjson.JSONDecodeError:
        return PolicyFaultError(PolicyFault.MALFORMED, "the answer is not JSON")
