"""Prove that a turn goes on without its reader, and ends cleanly with the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from tests.api.conversations.test_turns import ONE_MORE, STREAM
from tests.audit_log import until
from tests.database import session
from tests.servers.openai_stub import OpenAiStub
from tests.talking import Talk, behaving

_HELD_UP: Final = (
    "select exists (select from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock' and query like $1)"
)


async def test_a_turn_goes_on_when_its_reader_leaves(talk: Talk, stub: OpenAiStub) -> None:
    """Who comes back with the same key finds the answer, and the model was asked once."""
    stub.latency_s = 0.3
    key = {"Idempotency-Key": "said once"}
    leaving = asyncio.create_task(talk.said(ONE_MORE, headers={**STREAM, **key}))
    await stub.arrived.wait()
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving

    back = await talk.said(ONE_MORE, headers=key)

    assert (back.status, back.json["status"]) == (201, "proposed")
    assert stub.served["as-told"] == 1


async def test_a_turn_ends_with_the_process(talk: Talk, stub: OpenAiStub) -> None:
    """Whoever waits is told, it is written down, and nothing new begins."""
    waiting = asyncio.create_task(talk.said(behaving("hang")))
    await stub.arrived.wait()

    talk.app.app.state.services.conversations.proposing.end()

    answer = await waiting
    found = await talk.read(answer.json)
    after = await talk.said(ONE_MORE)
    assert [problem["fault"] for problem in found["problems"]] == ["interrupted"]
    assert (answer.status, found["status"]) == (201, "failed")
    assert (after.status, after.code) == (429, "turns_busy")


async def test_being_told_twice_to_end_leaves_nothing_unwritten(
    talk: Talk, stub: OpenAiStub
) -> None:
    """By the signal first, and by what closes the app, while it is still being written."""
    proposing = talk.app.app.state.services.conversations.proposing
    waiting = asyncio.create_task(talk.said(behaving("hang")))
    await stub.arrived.wait()
    async with locked(talk) as held:
        proposing.end()
        await until(held)

        closing = asyncio.create_task(proposing.close())
        await asyncio.sleep(0)

    await closing
    answer = await waiting
    found = await talk.read(answer.json)
    assert (found["status"], found["problems"][0]["fault"]) == ("failed", "interrupted")
    assert await busy(talk) is False


async def test_an_answer_that_is_there_is_written_though_the_process_ends(
    talk: Talk, stub: OpenAiStub
) -> None:
    """It was paid for."""
    proposing = talk.app.app.state.services.conversations.proposing
    stub.latency_s = 1.0
    waiting = asyncio.create_task(talk.said(ONE_MORE))
    await stub.arrived.wait()
    async with locked(talk) as held:
        await until(held)

        proposing.end()
        await asyncio.sleep(0)

    answer = await waiting
    found = await talk.read(answer.json)
    assert (answer.json["status"], found["status"]) == ("proposed", "proposed")
    assert await busy(talk) is False


async def test_an_end_that_comes_while_an_answer_is_settled_is_too_late(
    talk: Talk, stub: OpenAiStub
) -> None:
    """The answer is there and paid for; it is written, and whoever waits gets it."""
    proposing = talk.app.app.state.services.conversations.proposing
    stub.latency_s = 1.0
    waiting = asyncio.create_task(talk.said(ONE_MORE))
    await stub.arrived.wait()
    async with locked(talk, "model_tallies") as held:
        await until(held)

        proposing.end()
        await asyncio.sleep(0)

    answer = await waiting
    found = await talk.read(answer.json)
    assert (answer.json["status"], found["status"]) == ("proposed", "proposed")
    assert (found["problems"], found["usage"]["prompt"] > 0) == ([], True)
    assert await busy(talk) is False


async def test_an_answer_that_comes_after_its_turn_was_given_up_is_told_so(
    talk: Talk, stub: OpenAiStub
) -> None:
    """Storage decides: whoever still waits is told what everybody else reads."""
    stub.latency_s = 1.0
    first = asyncio.create_task(talk.said(ONE_MORE))
    await stub.arrived.wait()
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute("update conversations set free_at = now() - interval '1 hour'")
    second = await talk.said(ONE_MORE)

    late = await first

    assert (late.json["status"], late.json["problems"][0]["fault"]) == ("failed", "interrupted")
    assert (await talk.read(late.json))["status"] == "failed"
    assert second.json["status"] == "proposed"


@asynccontextmanager
async def locked(
    talk: Talk, table: str = "conversations"
) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Hold up whoever writes in a table, and yield what says whether somebody waits."""
    url = talk.app.urls.superuser_url
    async with session(url) as spy, session(url) as superuser, superuser.transaction():
        await superuser.fetch(f"select from {table} for update")

        async def held() -> bool:
            return bool(await spy.fetchval(_HELD_UP, f"%{table}%"))

        yield held


async def busy(talk: Talk) -> bool:
    """Say whether a turn counts as being answered."""
    async with session(talk.app.urls.superuser_url) as superuser:
        return bool(await superuser.fetchval("select answering is not null from conversations"))
