"""Build the platform's app around a scripted model, and ask it without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import orjson
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from runtime.agent.patience import Patience
from runtime.app import create_app
from runtime.entrypoints.rest.body import BodyCaps
from runtime.entrypoints.rest.evaluator import Asking, Evaluator
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import ChatModel, ChatRequest, Completion, TokenUsage, ToolCall
from runtime.settings import ServiceSettings

HERE: Final = ("127.0.0.1", 4711)
ELSEWHERE: Final = ("192.0.2.7", 4711)
TOKEN: Final = "a-token-of-enough-characters"  # noqa: S105  # the example itself
EVALUATE: Final = "/v1/environments/counter/proposals:evaluate"
JSON: Final = {"content-type": "application/json"}

Answer = Callable[[ChatRequest], Completion]


def called(name: str = "counter_set", arguments: str = '{"value": 3}') -> Completion:
    """Build a completion that calls one tool."""
    return Completion(
        text="",
        tool_calls=(ToolCall(id="c", name=name, arguments=arguments),),
        finish_reason="tool_calls",
        usage=TokenUsage(prompt=5, completion=2, cached=1),
        cost_micros=3,
        model="m-1",
    )


class Scripted:
    """Answer with a function, and remember what was asked."""

    name = "m/scripted"
    offline = False
    native_tools = True

    def __init__(self, answer: Answer = lambda _: called()) -> None:
        self.answer = answer
        self.seen: list[ChatRequest] = []

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer or fail as told."""
        self.seen.append(request)
        return self.answer(request)

    async def close(self) -> None:
        """Hold nothing."""


def an_app(
    model: ChatModel | None = None,
    *,
    token: str | None = None,
    caps: BodyCaps | None = None,
    longest_s: float = 5.0,
) -> FastAPI:
    """Build the app in production, with a model that is already open and never retried."""
    secret = None if token is None else SecretStr(token)
    app = create_app(ServiceSettings(eval_token=secret), body_caps=caps)
    asking = Asking(
        model=model,
        monotonic_s=iter(range(100)).__next__,
        patience=Patience(retries=0),
        longest_s=longest_s,
    )
    app.state.evaluator = Evaluator(asking, environments=("counter", "helpdesk"))
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Hold what the app answered."""

    status: int
    headers: Mapping[str, str]
    json: JsonValue

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        return str(self.json["code"])


async def ask(
    app: FastAPI,
    path: str = EVALUATE,
    document: JsonObject | None = None,
    *,
    method: str = "POST",
    parts: Sequence[bytes] | None = None,
    headers: Mapping[str, str] = JSON,
    client: tuple[str, int] | None = HERE,
    server: tuple[str, int | None] | None = HERE,
    raised: tuple[type[Exception], ...] = (),
) -> Answered:
    """Send one request straight to the app; `parts` take the place of a document.

    What the app raises after it answered goes to the server's log: those in `raised` are expected.
    """
    body = [orjson.dumps(document)] if parts is None else list(parts)
    got = list[Message]()
    sent = {"host": "127.0.0.1:4711", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": client,
        "server": server,
    }

    async def receive() -> Message:
        return {
            "type": "http.request",
            "body": body.pop(0) if body else b"",
            "more_body": bool(body),
        }

    async def send(message: Message) -> None:
        got.append(message)

    with suppress(*raised):
        await app(scope, receive, send)
    return Answered(
        status=got[0]["status"],
        headers={name.decode(): value.decode() for name, value in got[0]["headers"]},
        json=orjson.loads(b"".join(message.get("body", b"") for message in got[1:])),
    )


def said(message: str = "Set the counter to 3.", **changes: JsonValue) -> JsonObject:
    """Build a body."""
    return {"conversation": {"message": message}, **changes}
