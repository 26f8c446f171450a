"""Measure what reserving, charging and recording add to a model's answer.

Each question is answered by a model that takes no time, once through `Asking` with nested budgets
on a real Postgres, and once by the bare planner; the difference is ours, and its bar is 10 ms. A
transaction that changes one row is measured beside it, to tell a slow machine from slow code.
Run it with `python -m tests.bench.model_asking`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import uvloop
from typing_extensions import override

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.agent.planner import Planner, Sampling
from runtime.bootstrap.collector import settle_collector
from runtime.ports.chat_model import ChatRequest, Completion
from runtime.store import schema
from runtime.store.session import Database
from tests.model_world import World, a_question, a_world
from tests.models.scripted import ScriptedModel, calling

TURNS: Final = 400
AT_ONCE: Final = 16
BAR_MS: Final = 10.0
_ANSWER: Final = calling("counter_set", value=3)


class Instant(ScriptedModel):
    """Answer at once, and remember nothing."""

    def __init__(self) -> None:
        """Answer any number of requests."""
        super().__init__(answers=ScriptedModel.of().answers)

    @override
    async def complete(self, _: ChatRequest) -> Completion:
        """Set the counter."""
        return _ANSWER


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
    ):
        asyncio.run(schema.upgrade(postgres.url(role="owner")))
        raise SystemExit(uvloop.run(_measure(postgres.url(role="app"))))


async def _measure(url: str) -> int:
    database = await Database.opened(url)
    model = Instant()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        world = await a_world(database, stack, {"test/own": model})
        settle_collector()  # as a process that serves does
        much = 10**12
        await world.say(daily_tokens=much, member_daily_tokens=much, daily_cost_micros=much)
        await world.say_of_project(daily_tokens=much, member_daily_cost_micros=much)
        bare_ms = await _timed(lambda: _bare(world, model))
        began_s = time.process_time()
        asked_ms = await _timed(world.ask)
        cpu_ms = (time.process_time() - began_s) / len(asked_ms) * 1e3
        row_ms = median(await _timed(lambda: _one_row(database, world)))
        together_s = await _together(world)
    ours_ms = median(asked_ms) - median(bare_ms)
    p95_ms = quantiles(asked_ms, n=20)[-1] - median(bare_ms)
    print(f"bare planner: {median(bare_ms):.2f} ms a question")
    print(f"ours: {ours_ms:.2f} ms a question, p95 {p95_ms:.2f} ms (bar: {BAR_MS:g} ms)")
    print(f"of which {cpu_ms:.2f} ms of CPU in this process")
    print(f"as long as {ours_ms / row_ms:.1f} transactions that change one row ({row_ms:.2f} ms)")
    print(f"{AT_ONCE} at once, of one organization: {TURNS / together_s:.0f} questions a second")
    return 0 if ours_ms <= BAR_MS else 1


async def _one_row(database: Database, world: World) -> None:
    async with database.connection() as connection, connection.transaction():
        await connection.execute(
            "select set_config('app.organization_id', $1, true)", world.tenant.id
        )
        await connection.execute(
            "update model_tallies set updated_at = now() where subject = 'organization'"
        )


async def _bare(world: World, model: Instant) -> None:
    question = a_question(world.tenant, world.project)
    planner = Planner(model=model, sampling=Sampling(), monotonic_s=time.monotonic)
    await planner.propose(
        question.briefing,
        question.conversation,
        state=question.state,
        facts=question.facts,
        labels={},
    )


async def _timed(do: Callable[[], Awaitable[object]]) -> list[float]:
    """Return how many milliseconds each of many takes, after some that don't count."""
    spans_ms = []
    for number in range(TURNS + 20):
        began_s = time.perf_counter()
        await do()
        if number >= 20:
            spans_ms.append((time.perf_counter() - began_s) * 1e3)
    return spans_ms


async def _together(world: World) -> float:
    began_s = time.perf_counter()

    async def some() -> None:
        for _ in range(TURNS // AT_ONCE):
            await world.ask()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some())
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
