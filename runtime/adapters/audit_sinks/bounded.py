"""Run blocking work of a sink in few threads of its own, each within a time.

Work that is given up goes on until its own bounds end it; meanwhile it holds its thread, and others
wait for one within their own time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from runtime.ports.audit_sink import SinkError

P = ParamSpec("P")
T = TypeVar("T")


class BoundedThreads:
    """Run what blocks."""

    def __init__(self, count: int, *, sink: str) -> None:
        """Take how many threads there are, and whose they are."""
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="audit-sink")
        self._sink = sink
        self._closed = False

    async def run(
        self, timeout_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what the work returns, its wait for a thread included in its time.

        Raises:
            SinkError: it took too long, or the threads are closed.
        """
        if self._closed:
            raise SinkError("this process is shutting down", sink=self._sink)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))
        except TimeoutError:
            raise SinkError(f"no answer within {timeout_s:g} s", sink=self._sink) from None

    def close(self) -> None:
        """Start nothing more; what is under way ends by itself."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
