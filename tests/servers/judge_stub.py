"""Serve scripted judges in OpenAI's form, over loopback, from a thread.

The model's name says how it judges: `openai/good` knows the labels, `openai/coin` doesn't. It reads
the prompt that every judge gets, so a test sees what really goes over the wire.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Final

import orjson
from aiohttp import web

from runtime.kit.json_value import JsonObject

TEXT: Final = re.compile(r'^Actual Output:\n(".*") *$', re.MULTILINE)
LONG: Final = 150
GOOD: Final = '{"reason": "it asks for what is missing", "score": 9}'
BAD: Final = '{"reason": "it fits any request", "score": 1}'


@dataclass(kw_only=True)
class JudgeStub:
    """Judge as the model's name says.

    Attributes:
        base: the address to give as `api_base`.
        good_texts: texts that are good; the scripted judges that know labels know these.
        version: what follows the model's name in answers.
        requests: bodies in the order of arrival.
    """

    good_texts: frozenset[str]
    base: str = ""
    version: str = "2026"
    requests: list[JsonObject] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(7))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        asked: JsonObject = orjson.loads(await request.read())
        self.requests.append(asked)
        model = str(asked["model"])
        if model == "down":
            return web.json_response({"error": {"message": "down"}}, status=503)
        found = TEXT.search(asked["messages"][-1]["content"])
        text = str(orjson.loads(found[1])) if found else ""
        return web.json_response(self._document(asked, JUDGES[model](self, text)))

    def _document(self, asked: JsonObject, content: str) -> JsonObject:
        message = {"role": "assistant", "content": content}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": f"{asked['model']}-{self.version}",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }


def _good(stub: JudgeStub, text: str) -> str:
    return GOOD if text in stub.good_texts else BAD


def _coin(stub: JudgeStub, _: str) -> str:
    return stub.random.choice((GOOD, BAD))


def _flattered(stub: JudgeStub, text: str) -> str:
    return GOOD if len(text) > LONG else _good(stub, text)


def _prose_now_and_then(stub: JudgeStub, text: str) -> str:
    return "I like it." if stub.random.random() < 1 / 2 else _good(stub, text)


JUDGES: Final[Mapping[str, Callable[[JudgeStub, str], str]]] = MappingProxyType(
    {
        "always-good": lambda _stub, _text: GOOD,
        "coin": _coin,
        "fenced": lambda stub, text: f"My verdict:\n```json\n{_good(stub, text)}\n```",
        "flattered": _flattered,
        "good": _good,
        "prose": _prose_now_and_then,
    }
)


@contextmanager
def judge_stub(good_texts: frozenset[str]) -> Iterator[JudgeStub]:
    """Serve while the block runs."""
    stub = JudgeStub(good_texts=good_texts)
    loop = asyncio.new_event_loop()
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


async def _listening(stub: JudgeStub) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    return runner
