"""Serve a model that costs tokens, needs a repair each time, and may kill who asks it.

Answers depend on nothing but the request, so that two runs may be compared; every request is
remembered, so that a test can tell which calls were paid for twice.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from runtime.public import JsonObject


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """Name a request by its content: the value asked for, the trial's seed, the answers so far."""

    value: int
    seed: int
    position: int


@dataclass(kw_only=True)
class Paid:
    """Answer every first request with what needs a repair, and count what is asked.

    Attributes:
        asked: every request that arrived, in order.
        tokens: what all answers cost.
        kill_at: the number of the request at which the child dies; None spares it.
        answer_first: it dies after the answer, not before.
        child: the process to kill.
    """

    base: str = ""
    asked: list[Request] = field(default_factory=list)
    tokens: int = 0
    kill_at: int | None = None
    answer_first: bool = False
    child: subprocess.Popen[str] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer, and kill who asked when it is time."""
        content = await request.read()
        document: JsonObject = orjson.loads(content)
        asked = read_request(document)
        self.asked.append(asked)
        due = self.kill_at is not None and len(self.asked) == self.kill_at
        if due and not self.answer_first:
            self._kill()
        usage = {"prompt_tokens": len(content) // 2, "completion_tokens": 20}
        self.tokens += sum(usage.values())
        response = web.json_response(_completion(asked, usage))
        await response.prepare(request)
        await response.write_eof()
        if due and self.answer_first:
            self._kill()
        return response

    def _kill(self) -> None:
        if self.child is not None:
            os.kill(self.child.pid, signal.SIGKILL)


def read_request(document: JsonObject) -> Request:
    """Name a request by its body."""
    roles = [message["role"] for message in document["messages"]]
    said = next(it["content"] for it in document["messages"] if it["role"] == "user")
    return Request(int(said), document["seed"], roles.count("assistant"))


def _completion(asked: Request, usage: dict[str, int]) -> JsonObject:
    """Write arguments that are cut off; repaired, they are right three times of four."""
    value = asked.value + (asked.seed % 4 == 0)
    arguments = '{"value": ' if asked.position == 0 else f'{{"value": {value}}}'
    call = {
        "id": f"call_{asked.position}",
        "type": "function",
        "function": {"name": "counter_set", "arguments": arguments},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "paid-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": usage,
    }


@contextmanager
def paid() -> Iterator[Paid]:
    """Serve on loopback, from a thread, while the block runs."""
    stub, loop = Paid(), asyncio.new_event_loop()
    runner = loop.run_until_complete(_listening(stub))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listening(stub: Paid) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    return runner
