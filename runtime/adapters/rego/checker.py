"""Try modules in a child of their own, which ends with the trial."""

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
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turn.acquire()
        except TimeoutError:
            raise PolicyFaultError(
                PolicyFault.SLOW, f"other trials took longer than {self._wait_s:g} s"
            ) from None
        try:
            child = await ChildProcess.start(self._caps)
            try:
                _, report = await child.ask(
                    [Request.CHECK.value.encode(), ENTRYPOINT.encode(), *parts]
                )
            finally:
                await child.end()
        finally:
            self._turn.release()
        return report
