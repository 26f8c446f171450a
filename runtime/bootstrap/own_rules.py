"""Try rules of an organization as an upload would, and ask them from code that can't wait.

A sandbox simulates in plain functions, while rules run in child processes that an event loop
serves: so the loop has a thread of its own. It starts with the first rules; without any, nothing
does. One desk serves as many rules as there are.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from threading import Lock, Thread, current_thread
from typing import Any, Final, TypeVar
from weakref import finalize

from typing_extensions import override

from runtime.domain.errors import PolicyUncheckableError
from runtime.domain.policy import PolicyDecision
from runtime.domain.policy_input import PolicyInput
from runtime.domain.policy_modules import reads_of
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.domain.policy_version import ORGANIZATION_SCOPE, PROJECT_FOLDER, placed_modules
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyChecker, PolicyEvaluator, PolicyFault, PolicyFaultError
from runtime.sandbox.rules import StepRules

KEPT: Final = 20_000
"""How many answers of one set of rules are remembered."""
_NOBODYS_FAULT: Final = frozenset({PolicyFault.DOWN, PolicyFault.SLOW})
"""What says something of the machine and nothing of the rules."""
_ORGANIZATION_ID: Final = "sandbox"

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModules:
    """Hold modules as they would be uploaded, tests included, under their paths below a folder.

    Attributes:
        organization: of the package `tenant.organization` and below.
        project: of the package `tenant.project` and below.
    """

    organization: tuple[PolicyModule, ...] = ()
    project: tuple[PolicyModule, ...] = ()


class RulesDesk:
    """Try rules and open them; safe to share between threads, and closed at the latest at exit.

    Args:
        open_evaluator: makes what answers; child processes unless given.
        open_checker: makes what tries rules; a child process of its own unless given.
    """

    def __init__(
        self,
        *,
        open_evaluator: Callable[[], PolicyEvaluator] | None = None,
        open_checker: Callable[[], PolicyChecker] | None = None,
    ) -> None:
        self._line = _Line(
            open_evaluator=open_evaluator or _embedded, open_checker=open_checker or _checker
        )
        self._ended = finalize(self, self._line.close)

    def open(self, modules: OwnModules) -> StepRules:
        """Return rules that were tried as an upload would be: looked at, compiled and tested.

        Raises:
            PolicyRefusedError: they can't be used; it says everything that is wrong with them.
            PolicyUncheckableError: they could not be tried, or took too long.
        """
        own = self._line.run(_tried(self._line, modules))
        unit = unit_of((*shipped_modules(), *own), organization_id=_ORGANIZATION_ID)
        return _AskedRules(self, unit)

    def ask(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Return what rules say of each input, or the fault that kept them from it.

        Raises:
            PolicyFaultError: nothing was answered at all.
        """
        return self._line.run(_asked(self._line, unit, inputs))

    def close(self) -> None:
        """End what was started; doing so twice is doing so once."""
        self._ended()


class _AskedRules(StepRules):
    """Ask the rules of one unit, and remember what they answered."""

    def __init__(self, desk: RulesDesk, unit: PolicyUnit) -> None:
        from runtime.services.policies.decided_steps import (  # noqa: PLC0415  # loads the store
            decided,
            decision_id_of,
        )

        self._desk = desk
        self._unit = unit
        self._reads = set(reads_of(unit.modules))
        self._decided, self._named = decided, decision_id_of
        self._known: OrderedDict[bytes, PolicyDecision] = OrderedDict()

    @property
    @override
    def revision(self) -> str:
        return self._unit.revision

    @override
    def decide(self, questions: Sequence[PolicyInput]) -> tuple[PolicyDecision, ...]:
        documents = [
            question.model_dump(mode="json", include=self._reads) for question in questions
        ]
        spelled = [canonical_bytes(document) for document in documents]
        new = {
            text: document
            for text, document in zip(spelled, documents, strict=True)
            if text not in self._known
        }
        answers = dict(zip(new, self._answers(list(new.values())), strict=True)) if new else {}
        found: list[PolicyDecision] = []
        for text in spelled:
            if text in answers:
                self._keep(text, answers[text])
            found.append(self._known[text])
        return tuple(found)

    def _answers(self, documents: Sequence[JsonObject]) -> Sequence[JsonValue | PolicyFaultError]:
        try:
            answers = self._desk.ask(self._unit, documents)
        except PolicyFaultError as fault:
            answers = [fault] * len(documents)
        for answer in answers:
            if isinstance(answer, PolicyFaultError) and answer.fault in _NOBODYS_FAULT:
                raise PolicyUncheckableError(
                    scope="sandbox", fault=answer.fault.value, detail=answer.detail
                )
        return answers

    def _keep(self, text: bytes, answer: JsonValue | PolicyFaultError) -> None:
        name = self._named(self._unit.revision, text)
        self._known[text] = self._decided(answer, revision=self._unit.revision, decision_id=name)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


@dataclass(slots=True, kw_only=True)
class _Line:
    """Run coroutines one after the other in a thread that starts with the first of them."""

    open_evaluator: Callable[[], PolicyEvaluator]
    open_checker: Callable[[], PolicyChecker]
    evaluator: PolicyEvaluator | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: Thread | None = None
    _closed: bool = False
    _turn: Lock = field(default_factory=Lock)

    def run(self, asked: Coroutine[Any, Any, _Found]) -> _Found:
        """Return what a coroutine returns; the caller's thread waits for it."""
        with self._turn:
            if self._closed:
                asked.close()
                raise PolicyFaultError(PolicyFault.DOWN, "the desk is closed")
            return asyncio.run_coroutine_threadsafe(asked, self._running()).result()

    def close(self) -> None:
        """End children and thread.

        Whoever drops the last reference to a desk closes it, and that may be its own thread.
        """
        with self._turn:
            self._closed = True
            loop, thread = self._loop, self._thread
            if loop is None or thread is None:
                return
            asyncio.run_coroutine_threadsafe(self._end(loop), loop)
            if thread is not current_thread():
                thread.join()

    async def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            if self.evaluator is not None:
                await self.evaluator.close()
            await loop.shutdown_default_executor()
        finally:
            loop.stop()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            serve = _serving(self._loop)
            self._thread = Thread(target=serve, name="plangate-rules", daemon=True)
            self._thread.start()
        return self._loop


def _serving(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    def serve() -> None:
        loop.run_forever()
        loop.close()

    return serve


async def _asked(
    line: _Line, unit: PolicyUnit, inputs: Sequence[JsonObject]
) -> Sequence[JsonValue | PolicyFaultError]:
    if line.evaluator is None:
        line.evaluator = line.open_evaluator()
    return await line.evaluator.decide(unit, inputs)


async def _tried(line: _Line, modules: OwnModules) -> tuple[PolicyModule, ...]:
    """Return the modules that decide, placed as in a unit, once each level passed its trial."""
    from runtime.services.policies.trials import Trials, served  # noqa: PLC0415  # only with rules

    trials = Trials(checker=line.open_checker(), shipped=shipped_modules)
    held: tuple[PolicyModule, ...] = ()
    for scope, own in (
        (ORGANIZATION_SCOPE, modules.organization),
        (PROJECT_FOLDER, modules.project),
    ):
        if own:
            await trials.require_passed(scope, own, beside=held)
            held += served(placed_modules(scope, own))
    return held


def _embedded() -> PolicyEvaluator:
    from runtime.bootstrap.rules import embedded_evaluator  # noqa: PLC0415  # loads the store

    return embedded_evaluator()


def _checker() -> PolicyChecker:
    from runtime.bootstrap.rules import policy_checker  # noqa: PLC0415  # as above

    return policy_checker()
