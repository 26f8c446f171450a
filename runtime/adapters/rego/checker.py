"""Try modules in a child process, which ends when nobody waits for the next trial.

To start a child takes three times as long as a trial. So it is handed to whoever waits: each trial
has an engine of its own in it, and one that fails after others is tried again in a fresh child.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import orjson
from typing_extensions import override

from runtime.adapters.rego.evaluator import spelled_modules
from runtime.adapters.rego.frames import Request
from runtime.adapters.rego.process import Caps, ChildProcess
from runtime.domain.policy_unit import ENTRYPOINT, PolicyModule
from runtime.ports.policy import (
    PolicyCheck,
    PolicyChecker,
    PolicyFault,
    PolicyFaultError,
    PolicyTest,
)

_CAPS: Final = Caps(time_s=5.0)
_TRIALS: Final = 100
"""How many trials one child is there for."""


class RegoChecker(PolicyChecker):
    """Compile modules and run their `test_` rules with the embedded engine, one trial at a time.

    Args:
        caps: what one trial may take, with all its tests.
        wait_s: how long a trial waits for its turn.
    """

    def __init__(self, caps: Caps = _CAPS, *, wait_s: float = 30.0) -> None:
        self._caps = caps
        self._wait_s = wait_s
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._handed: ChildProcess | None = None
        self._trials = 0

    @override
    async def check(self, modules: Sequence[PolicyModule]) -> PolicyCheck:
        """Compile and test modules together; see the port."""
        try:
            parts = spelled_modules(modules)
        except PolicyFaultError as error:
            return PolicyCheck(problems=(error.detail,))
        report = orjson.loads(await self._tried(parts))
        return PolicyCheck(
            problems=tuple(report["problems"]),
            tests=tuple(PolicyTest(**test) for test in report["tests"]),
            uncovered=tuple((path, tuple(lines)) for path, lines in report["uncovered"]),
            covered_share=report["covered_share"],
        )

    async def _tried(self, parts: Sequence[bytes]) -> bytes:
        message = [Request.CHECK.value.encode(), ENTRYPOINT.encode(), *parts]
        await self._take_turn()
        try:
            handed, self._handed = self._handed, None
            if handed is not None:
                try:
                    return await self._reported(handed, message)
                except PolicyFaultError as fault:
                    if fault.fault is PolicyFault.SLOW:  # that has nothing to do with those before
                        raise
            self._trials = 0
            return await self._reported(await ChildProcess.start(self._caps), message)
        finally:
            self._turn.release()

    async def _take_turn(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turn.acquire()
        except TimeoutError:
            await self._leave()
            raise PolicyFaultError(
                PolicyFault.SLOW, f"other trials took longer than {self._wait_s:g} s"
            ) from None
        except asyncio.CancelledError:
            await self._leave()
            raise
        self._waiting -= 1

    async def _leave(self) -> None:
        """Wait no longer; a child that was left for nobody else is ended."""
        self._waiting -= 1
        if self._handed is not None and not self._waiting and not self._turn.locked():
            handed, self._handed = self._handed, None
            await handed.end()

    async def _reported(self, child: ChildProcess, message: Sequence[bytes]) -> bytes:
        """Return what a child reports, and leave it to the next who waits, or end it."""
        try:
            _, report = await child.ask(message)
        except BaseException:
            await child.end()
            raise
        self._trials += 1
        if self._waiting and self._trials < _TRIALS:
            self._handed = child
        else:
            await child.end()
        return report
