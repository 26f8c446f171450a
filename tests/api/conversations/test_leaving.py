"""Prove that a turn goes on without its reader, and ends cleanly with the process."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.api.conversations.test_turns import ONE_MORE, STREAM
from tests.servers.openai_stub import OpenAiStub
from tests.talking import Talk, behaving


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
