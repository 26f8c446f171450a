"""Measure how long 1,000 outcomes hold the loop: `python -m tests.bench.graphql_speed`.

The rows are in memory, so that nothing but the answer is measured: with our execution, and with the
library's own. The longest hold is the longest that anything else waited for its turn meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from graphql import ExecutionContext

from runtime.bootstrap.collector import settle_collector
from runtime.entrypoints.graphql.execution import Execution
from runtime.entrypoints.graphql.masking import spelled
from tests.graphql_rows import an_outcome, executed

ROWS: Final = [
    an_outcome(number, steps=[{"action": "counter.increment@1"}] * 5) for number in range(1_000)
]
TIMES: Final = 7
QUERY: Final = """{ project(id: "p") { outcomes(first: 1000) { nodes {
  id number status cost steps member { displayName email } after { version }
} pageInfo { hasNextPage endCursor } } } }"""


async def measured(by: type[ExecutionContext]) -> tuple[float, float]:
    """Return the longest hold and the time of the processor of one answer, in ms."""
    longest_s, done = 0.0, False

    async def others() -> None:
        nonlocal longest_s
        last_s = time.perf_counter()
        while not done:
            await asyncio.sleep(0)
            now_s = time.perf_counter()
            longest_s, last_s = max(longest_s, now_s - last_s), now_s

    beside = asyncio.create_task(others())
    await asyncio.sleep(0)
    began_s = time.process_time()
    result = await executed(QUERY, *ROWS, by=by)
    spelled({"data": result.data})
    took_s = time.process_time() - began_s
    done = True
    await beside
    assert result.errors is None  # else something else is measured
    return longest_s * 1_000, took_s * 1_000


async def compared() -> None:
    """Print the median of each."""
    for name, by in (("the library's execution", ExecutionContext), ("ours", Execution)):
        found = [await measured(by) for _ in range(TIMES)]
        hold, took = (sorted(column)[TIMES // 2] for column in zip(*found, strict=True))
        print(f"{name}: longest hold {hold:.0f} ms, {took:.0f} ms of a processor")


if __name__ == "__main__":
    settle_collector()
    asyncio.run(compared())
