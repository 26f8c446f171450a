"""Measure what the platform adds to a model's answer in a turn of a conversation.

Each turn goes through the whole app over a real Postgres and Redis, to a model in another process
that takes 50 ms, with history, facts and a stored answer; the same request is sent to that model
bare. The difference is ours, and its bar is 30 ms. A transaction that changes one row is measured
beside it, to tell a slow machine from slow code. Run it with `python -m tests.bench.turn_speed`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import aiohttp
import orjson
import uvloop

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.bootstrap.collector import settle_collector
from runtime.kit.json_value import JsonObject
from runtime.store import schema
from runtime.store.session import Database
from tests.abuse.execution.real_app import real_app
from tests.database import DatabaseUrls
from tests.servers.redis_server import redis_server
from tests.talking import Talk, a_talk, calls

TURNS: Final = 60
WARM: Final = 10
MODEL_MS: Final = 50
BAR_MS: Final = 30.0
SAID: Final = calls(("counter_increment", {"by": 1}))


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        redis_server() as redis_url,
        _model() as base,
    ):
        uvloop.run(schema.upgrade(postgres.url(role="owner")))
        urls = DatabaseUrls(
            name="plangate",
            app_url=postgres.url(role="app"),
            owner_url=postgres.url(role="owner"),
            superuser_url=postgres.url(role="owner"),
        )
        raise SystemExit(uvloop.run(_measure(urls, redis_url, base)))


@contextmanager
def _model() -> Iterator[str]:
    """Serve a model in a process of its own, and yield its address."""
    command = [sys.executable, "-m", "tests.servers.openai_stub", "--latency-ms", str(MODEL_MS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None  # by PIPE
            yield child.stdout.readline().strip()
        finally:
            child.kill()


async def _measure(urls: DatabaseUrls, redis_url: str, base: str) -> int:
    model = f"openai/echo?transport=http&api_base={base}&retries=0"
    async with real_app(urls, redis_url, model=model) as app:
        talk = await a_talk(app, await app.found())
        for number in range(20):
            fact = {"value": f"what is remembered under {number}"}
            path = f"{talk.project}/facts/fact_{number}"
            await app.call("PUT", path, fact, token=talk.who.token)
        settle_collector()  # as a process that serves does
        database = await Database.opened(urls.app_url)
        row_ms = median(await _timed(lambda: _one_row(database, talk)))
        await database.close()
        async with aiohttp.ClientSession() as session:
            bare_ms = median(await _timed(lambda: _bare(session, base)))
        began_s = time.process_time()
        turn_ms = await _timed(lambda: talk.turn(SAID))
        cpu_ms = (time.process_time() - began_s) / (TURNS + WARM) * 1e3
    ours_ms = median(turn_ms) - bare_ms
    p95_ms = quantiles(turn_ms, n=20)[-1] - bare_ms
    print(f"model alone: {bare_ms:.1f} ms")
    print(f"a turn: {median(turn_ms):.1f} ms, {median(turn_ms) / bare_ms:.2f} times as long")
    print(f"ours: {ours_ms:.1f} ms, p95 {p95_ms:.1f} ms (bar: {BAR_MS:g} ms)")
    print(f"of which {cpu_ms:.1f} ms of CPU in this process")
    print(f"as long as {ours_ms / row_ms:.1f} transactions that change one row ({row_ms:.2f} ms)")
    return 0 if ours_ms <= BAR_MS else 1


async def _one_row(database: Database, talk: Talk) -> None:
    async with database.connection() as connection, connection.transaction():
        await connection.execute(
            "select set_config('app.organization_id', $1, true)", talk.who.organization
        )
        await connection.execute(
            "update conversations set title = 'measured' where id = $1", talk.conversation
        )


async def _bare(session: aiohttp.ClientSession, base: str) -> None:
    body: JsonObject = {"model": "echo", "messages": [{"role": "user", "content": SAID}]}
    content = orjson.dumps(body)
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{base}/chat/completions", data=content, headers=headers) as answer:
        assert answer.status == 200
        await answer.read()


async def _timed(do: Callable[[], Awaitable[object]]) -> list[float]:
    """Return how many milliseconds each of many takes, after some that don't count."""
    spans_ms = []
    for number in range(TURNS + WARM):
        began_s = time.perf_counter()
        await do()
        if number >= WARM:
            spans_ms.append((time.perf_counter() - began_s) * 1e3)
    return spans_ms


if __name__ == "__main__":
    main()
