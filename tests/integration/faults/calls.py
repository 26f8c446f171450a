"""Call replicas over HTTP as one credential, and repeat until the truth is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import aiohttp
import orjson

from runtime.kit.json_value import JsonObject, JsonValue

NO_ANSWER_S: Final = 13.0
"""No request may take longer: patience of 10 s, 2 s of grace, and a second for the machine."""
PAUSE_S: Final = 0.1
KNOWN_WITHIN_S: Final = 50.0
_AGAIN: Final = frozenset({409, 429, 503, 504})
_NEVER_AGAIN: Final = frozenset({"idempotency_key_reused", "project_archived"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold an answer; `took_s` is by the caller's clock."""

    status: int
    headers: Mapping[str, str]
    document: JsonObject
    took_s: float

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        return str(self.document.get("code", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Hold an execution that was acknowledged in the end.

    Attributes:
        number: the place in the order of asking.
        by: how far it moves the counter.
        tries: how often it was sent.
        invoked_s: when it was sent first, on the clock of the loop.
        answered_s: when it was acknowledged.
    """

    number: int
    key: str
    by: int
    outcome_id: str
    version: int
    value: int
    tries: int
    replayed: bool
    invoked_s: float
    answered_s: float


@dataclass(kw_only=True)
class Calls:
    """Call any of several replicas.

    Attributes:
        longest_s: how long the slowest request took until there was an answer, or none.
        codes: how often each problem was answered.
        heard: set with each problem.
    """

    session: aiohttp.ClientSession
    urls: Sequence[str]
    longest_s: float = 0.0
    codes: dict[str, int] = field(default_factory=dict)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(0))

    async def call(
        self,
        method: str,
        path: str,
        document: JsonValue = None,
        *,
        at: int = 0,
        headers: Mapping[str, str] | None = None,
        within_s: float = NO_ANSWER_S,
    ) -> Answer | None:
        """Send one request to a replica; None when the connection broke or nothing came in time."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        body = None if document is None else orjson.dumps(document)
        sent = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with (
                asyncio.timeout(within_s),
                self.session.request(
                    method,
                    self.urls[at % len(self.urls)] + path,
                    data=body,
                    headers={**sent, **(headers or {})},
                ) as response,
            ):
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        finally:
            took_s = loop.time() - began_s
            self.longest_s = max(self.longest_s, took_s)
        answer = Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            document=orjson.loads(content) if content else {},
            took_s=took_s,
        )
        if answer.code:
            self.codes[answer.code] = self.codes.get(answer.code, 0) + 1
            self.heard.set()
        return answer

    async def must(
        self, method: str, path: str, document: JsonValue = None, *, at: int = 0
    ) -> JsonObject:
        """Send one request that has to succeed, and return the document."""
        answer = await self.call(method, path, document, at=at)
        assert answer is not None, f"{method} {path}: no answer"
        assert answer.status < 400, f"{method} {path}: {answer.status} {answer.document}"
        return answer.document

    async def execute(
        self,
        project_id: str,
        *,
        by: int = 1,
        key: str | None = None,
        at: int = 0,
        headers: Mapping[str, str] | None = None,
        within_s: float = NO_ANSWER_S,
    ) -> Answer | None:
        """Move a project's counter once."""
        step: JsonObject = {"action": "counter.increment", "inputs": {"by": by}}
        named = {} if key is None else {"Idempotency-Key": key}
        return await self.call(
            "POST",
            f"/v1/projects/{project_id}/plans:execute",
            {"plan": {"steps": [step]}},
            at=at,
            headers={**named, **(headers or {})},
            within_s=within_s,
        )

    async def act(
        self,
        project_id: str,
        *,
        key: str,
        by: int = 1,
        at: int = 0,
        within_s: float = NO_ANSWER_S,
    ) -> Act:
        """Move a counter once, repeating with the same key at one replica after the other."""
        loop = asyncio.get_running_loop()
        invoked_s, number = loop.time(), next(self._numbers)
        answer, tries = None, 0
        async with asyncio.timeout(KNOWN_WITHIN_S):
            while answer is None or may_repeat(answer):
                if tries:
                    await asyncio.sleep(PAUSE_S)
                answer = await self.execute(
                    project_id, by=by, key=key, at=at + tries, within_s=within_s
                )
                tries += 1
        assert answer.status == 200, f"{key}: {answer.status} {answer.document}"
        step = answer.document["steps"][0]
        assert step["status"] == "done", answer.document
        return Act(
            number=number,
            key=key,
            by=by,
            outcome_id=answer.document["id"],
            version=answer.document["after"]["version"],
            value=step["diff"][0]["value"],
            tries=tries,
            replayed="idempotency-replayed" in answer.headers,
            invoked_s=invoked_s,
            answered_s=loop.time(),
        )

    async def until_ready(self, at: int = 0, *, status: int = 200) -> JsonObject:
        """Return when a replica says that all it depends on answers, or, with 503, that not all."""
        while True:
            answer = await self.call("GET", "/v1/readyz", at=at, within_s=5.0)
            if answer is not None and answer.status == status:
                return answer.document
            await asyncio.sleep(PAUSE_S)


def may_repeat(answer: Answer) -> bool:
    """Say whether an answer invites to ask again."""
    return answer.status in _AGAIN and answer.code not in _NEVER_AGAIN


@asynccontextmanager
async def open_calls(urls: Sequence[str], *, token: str) -> AsyncIterator[Calls]:
    """Open calls to replicas under a token."""
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}"},
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:
        yield Calls(session=session, urls=urls)
