"""Serve what an OPA would answer that allows everything, and lie about it as a test says.

Real HTTP on loopback. In a test: `async with lying_opa(unit, clock=clock) as opa`, then
`opa.lie = "html"`; `LIES` lists what there is. Without a lie every step is allowed, so whoever
believes a lie is seen to allow.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson

from runtime.adapters.opa.bundle import METADATA, instant
from runtime.domain.policy_unit import PolicyUnit
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject
from runtime.ports.policy import PolicyFault

ALLOWED: Final[JsonObject] = {"allow": True, "denials": [], "obligations": [], "roles": ["owner"]}
HONEST: Final = "honest"

_JSON: Final = "application/json"
_HTML: Final = b"<!doctype html><title>Sign in</title>"
_HUGE: Final = 5_000_000


@dataclass(kw_only=True)
class LyingOpa:
    """Hold a server: what it lies, and what it was asked.

    Attributes:
        unit: the rules that it claims to answer by.
        lie: the key of what it does, of `LIES`.
        breaks: how many more connections it ends without an answer, before it answers at all.
        bundles: what it lists as loaded; None for the unit's own.
        questions: the documents that it was asked.
        heads: what stood above them: request line and headers.
        gate: what the next answer waits for; None: nothing.
        held: set once an answer waits.
        hung_up: set once a connection has ended.
    """

    unit: PolicyUnit
    clock: Clock
    url: str = ""
    lie: str = HONEST
    breaks: int = 0
    bundles: Any = None
    questions: list[Any] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def batch(self, asked: int) -> JsonObject:
        """Return the honest answer to so many questions: all are allowed."""
        return {
            "number": self.unit.number,
            "revision": self.unit.revision,
            "built_at": instant(self.clock.now()),
            "asked": asked,
            "decisions": [[index, ALLOWED] for index in range(asked)],
        }

    def listed(self) -> JsonObject:
        """Return the bundles that it says are active."""
        ours = {"built_at": instant(self.clock.now()), "organization": self.unit.organization_id}
        return {"main": {"manifest": {"metadata": {METADATA: ours}}}}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while await self._served(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.hung_up.set()
            writer.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        size = next(
            (int(line[16:]) for line in head.split("\r\n") if line[:15] == "Content-Length:"), 0
        )
        body = await reader.readexactly(size)
        question = orjson.loads(body) if body else None
        self.questions.append(question)
        if self.breaks:
            self.breaks -= 1
            return False
        said = LIES[self.lie].tell(self, len(question["input"]["steps"]) if question else None)
        if (gate := self.gate) is not None:
            self.gate = None
            self.held.set()
            await gate.wait()
        writer.write(said.data)
        await writer.drain()
        if said.then_silent:
            await reader.read(1)
        return not (said.then_silent or said.then_gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Hold the bytes of an answer, and what comes after them."""

    data: bytes
    then_silent: bool = False
    then_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """Hold what is told, and what has to be made of it.

    Attributes:
        tell: returns the answer; the number of steps is None for what is not a question of rules.
        fault: how the evaluator has to call it; None: it is the truth.
        each: whether the fault is that of each input, and not of the whole question.
    """

    tell: Callable[[LyingOpa, int | None], Said]
    fault: PolicyFault | None
    each: bool = False


@asynccontextmanager
async def lying_opa(unit: PolicyUnit, *, clock: Clock) -> AsyncIterator[LyingOpa]:
    """Serve while the block runs, on the loop of the test."""
    opa = LyingOpa(unit=unit, clock=clock)
    server = await asyncio.start_server(opa.serve, "127.0.0.1", 0)
    opa.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield opa


def _http(
    body: bytes, *, status: str = "200 OK", kind: str = _JSON, more: str = "", length: int = -1
) -> bytes:
    size = len(body) if length < 0 else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}\r\n"
    return head.encode() + body


def _document(opa: LyingOpa, asked: int | None) -> JsonObject:
    if asked is None:
        return {"result": opa.listed() if opa.bundles is None else opa.bundles}
    return {"result": opa.batch(asked)}


def _truth(opa: LyingOpa, asked: int | None) -> Said:
    return Said(data=_http(orjson.dumps(_document(opa, asked))))


def _bytes(
    body: bytes = b"",
    *,
    then: str = "",
    status: str = "200 OK",
    kind: str = _JSON,
    more: str = "",
    length: int = -1,
) -> Callable[[LyingOpa, int | None], Said]:
    """Return an answer of these bytes, or none at all without any."""
    data = _http(body, status=status, kind=kind, more=more, length=length) if body else b""
    said = Said(data=data, then_silent=then == "silence", then_gone=then == "end")
    return lambda _opa, _asked: said


def _raw(data: bytes) -> Callable[[LyingOpa, int | None], Said]:
    return lambda _opa, _asked: Said(data=data, then_gone=True)


def _changed(
    change: Callable[[LyingOpa], JsonObject],
) -> Callable[[LyingOpa, int | None], Said]:
    """Return the honest answer with other members."""

    def tell(opa: LyingOpa, asked: int | None) -> Said:
        document = _document(opa, asked)
        document["result"] |= change(opa)
        return Said(data=_http(orjson.dumps(document)))

    return tell


def _as(change: Callable[[bytes], bytes]) -> Callable[[LyingOpa, int | None], Said]:
    """Return what is made of the honest answer."""
    return lambda opa, asked: Said(data=change(orjson.dumps(_document(opa, asked))), then_gone=True)


def _aged(age: timedelta) -> Callable[[LyingOpa], JsonObject]:
    return lambda opa: {"built_at": instant(opa.clock.now() - age)}


_BROKEN_RULE: Final = b'{"code":"internal_error","errors":[{"code":"eval_builtin_error"}]}'

LIES: Final[dict[str, Lie]] = {
    HONEST: Lie(tell=_truth, fault=None),
    "hangs up": Lie(tell=_bytes(then="end"), fault=PolicyFault.DOWN),
    "breaks off": Lie(
        tell=_as(lambda body: _http(body, length=len(body) + 9)), fault=PolicyFault.DOWN
    ),
    "is silent": Lie(tell=_bytes(then="silence"), fault=PolicyFault.SLOW),
    "stops in the middle": Lie(
        tell=_bytes(b'{"result":', length=99_999, then="silence"), fault=PolicyFault.SLOW
    ),
    "error 500": Lie(
        tell=_bytes(_HTML, status="500 No", kind="text/html"), fault=PolicyFault.FAILED
    ),
    "error 503": Lie(tell=_bytes(b"{}", status="503 Busy"), fault=PolicyFault.FAILED),
    "allows with 500": Lie(
        tell=_as(lambda body: _http(body, status="500 No")), fault=PolicyFault.FAILED
    ),
    "refuses our token": Lie(
        tell=_bytes(b'{"code":"unauthorized"}', status="401 Who"), fault=PolicyFault.FAILED
    ),
    "allows with 201": Lie(
        tell=_as(lambda body: _http(body, status="201 Made")), fault=PolicyFault.FAILED
    ),
    "sends elsewhere": Lie(
        tell=_bytes(b"{}", status="307 There", more="Location: /v1/data/other\r\n"),
        fault=PolicyFault.FAILED,
    ),
    "rules fail": Lie(
        tell=_bytes(_BROKEN_RULE, status="500 No"), fault=PolicyFault.FAILED, each=True
    ),
    "html": Lie(tell=_bytes(_HTML, kind="text/html"), fault=PolicyFault.MALFORMED),
    "allows as html": Lie(
        tell=_as(lambda body: _http(body, kind="text/html")), fault=PolicyFault.MALFORMED
    ),
    "html as json": Lie(tell=_bytes(_HTML), fault=PolicyFault.MALFORMED),
    "not http": Lie(tell=_raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), fault=PolicyFault.MALFORMED),
    "not json": Lie(tell=_as(lambda body: _http(body[:-1])), fault=PolicyFault.MALFORMED),
    "no object": Lie(tell=_bytes(b"[true]"), fault=PolicyFault.MALFORMED),
    "bare true": Lie(tell=_bytes(b'{"result":true}'), fault=PolicyFault.MALFORMED),
    "a bare verdict": Lie(
        tell=_bytes(orjson.dumps({"result": ALLOWED})), fault=PolicyFault.MALFORMED
    ),
    "too large": Lie(
        tell=_as(lambda body: _http(body + b" " * _HUGE)), fault=PolicyFault.MALFORMED
    ),
    "compressed": Lie(
        tell=_as(lambda body: _http(gzip.compress(body), more="Content-Encoding: gzip\r\n")),
        fault=PolicyFault.MALFORMED,
    ),
    "other count": Lie(tell=_changed(lambda _: {"asked": 99}), fault=PolicyFault.MALFORMED),
    "more decisions": Lie(
        tell=_changed(lambda _: {"decisions": [[index, ALLOWED] for index in range(99)]}),
        fault=PolicyFault.MALFORMED,
    ),
    "one decision twice": Lie(
        tell=_changed(lambda _: {"decisions": [[0, {"allow": False}], [0, ALLOWED]]}),
        fault=PolicyFault.MALFORMED,
    ),
    "decisions by text": Lie(
        tell=_changed(lambda _: {"decisions": [["0", ALLOWED]]}), fault=PolicyFault.MALFORMED
    ),
    "number as text": Lie(
        tell=_changed(lambda opa: {"number": str(opa.unit.number)}), fault=PolicyFault.MALFORMED
    ),
    "no zone": Lie(
        tell=_changed(lambda opa: {"built_at": instant(opa.clock.now())[:19]}),
        fault=PolicyFault.MALFORMED,
    ),
    "something besides": Lie(tell=_changed(lambda _: {"more": 1}), fault=PolicyFault.MALFORMED),
    "nothing known": Lie(tell=_bytes(b"{}"), fault=PolicyFault.UNDEFINED),
    "null": Lie(tell=_bytes(b'{"result":null}'), fault=PolicyFault.UNDEFINED),
    "no decision": Lie(
        tell=_changed(lambda _: {"decisions": []}), fault=PolicyFault.UNDEFINED, each=True
    ),
    "older rules": Lie(
        tell=_changed(lambda opa: {"number": opa.unit.number - 1, "revision": "sha256:0"}),
        fault=PolicyFault.ROLLED_BACK,
    ),
    "older number": Lie(
        tell=_changed(lambda opa: {"number": opa.unit.number - 1}), fault=PolicyFault.ROLLED_BACK
    ),
    "newer rules": Lie(
        tell=_changed(lambda opa: {"number": opa.unit.number + 1, "revision": "sha256:0"}),
        fault=PolicyFault.NOT_LOADED,
    ),
    "newer number": Lie(
        tell=_changed(lambda opa: {"number": opa.unit.number + 1}), fault=PolicyFault.NOT_LOADED
    ),
    "other rules": Lie(
        tell=_changed(lambda _: {"revision": "sha256:0"}), fault=PolicyFault.NOT_LOADED
    ),
    "old bundle": Lie(tell=_changed(_aged(timedelta(hours=1))), fault=PolicyFault.STALE),
    "future bundle": Lie(tell=_changed(_aged(-timedelta(hours=1))), fault=PolicyFault.STALE),
}
"""What it may do; each key says what."""
