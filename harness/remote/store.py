"""Hold what the machines of one run share in Redis: its terms, what is done, and who is at work.

Everything here lives for a day without a sign of life, so that a run that was killed can be taken
up and a run that was forgotten goes. What is kept of a trial is its record and its answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import orjson
from pydantic import ValidationError

from harness.remote.link import BrokerError, Link
from harness.remote.terms import TERMS_VERSION, Terms
from runtime.public import JsonObject

KEPT_MS: Final = 86_400_000
MOST_NEWS: Final = 256
PRESENT_MS: Final = 15_000
WORKERS: Final = "plangate:eval:workers"

_MINE: Final = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
_RENEW: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE: Final = _MINE + "return redis.call('DEL', KEYS[1])"

# The first record of a trial stays; whoever answers again from it, or too late, only says so.
_FINISH: Final = """
local terms, done, news, calls = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if redis.call('EXISTS', terms) == 0 then return 0 end
redis.call('HSETNX', done, ARGV[1], ARGV[2])
redis.call('PEXPIRE', done, ARGV[4])
redis.call('RPUSH', news, ARGV[3])
redis.call('PEXPIRE', news, ARGV[4])
redis.call('DEL', calls)
return 1
"""
_APPEND: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""

Kind = Literal["done", "begun", "over", "refused", "closed"]


class RunStore:
    """Read and write what the machines of one run share."""

    def __init__(self, link: Link, run: str) -> None:
        """Name the run."""
        self._link = link
        self._root = f"plangate:eval:{{{run}}}"
        self._terms = f"{self._root}:terms"
        self._open = f"{self._root}:open"
        self._closed = f"{self._root}:closed"
        self._done = f"{self._root}:done"
        self._news = f"{self._root}:news"

    # What the run's own process does.

    async def publish(self, terms: Terms, *, open_ms: int) -> None:
        """Open the run to workers; news of before are dropped, for what is done is looked up."""
        await self._link.do("DEL", self._news, self._closed)
        await self._link.do("SET", self._terms, terms.model_dump_json(), "PX", KEPT_MS)
        await self._link.do("SET", self._open, terms.generation, "PX", open_ms)

    async def keep_open(self, generation: str, *, open_ms: int) -> None:
        """Say that somebody still waits for this run's trials."""
        await self._link.do("SET", self._open, generation, "PX", open_ms)

    async def halt(self) -> None:
        """Tell workers to begin nothing more; what they finish is kept for whoever goes on."""
        await self._link.do("DEL", self._open)

    async def forget(self, *keys: str) -> None:
        """Drop everything of the run but calls that belong to no record."""
        own = (self._open, self._terms, self._closed, self._done, self._news)
        await self._link.do("DEL", *own, *keys)

    async def documents(self, trials: Sequence[str]) -> dict[str, JsonObject]:
        """Return what is kept of those trials that are done."""
        if not trials:
            return {}
        found = await self._link.do("HMGET", self._done, *trials)
        return {
            trial: orjson.loads(spelled)
            for trial, spelled in zip(trials, found, strict=True)
            if spelled is not None
        }

    async def undo(self, trials: Sequence[str]) -> None:
        """Forget that trials are done, so that they are done anew."""
        if trials:
            await self._link.do("HDEL", self._done, *trials)

    async def news(self, *, timeout_s: float) -> list[tuple[Kind, str]]:
        """Return what was said since the last time; waits for the first word."""
        first = await self._link.do("BLPOP", self._news, timeout_s)
        if first is None:
            return []
        rest = await self._link.do("LPOP", self._news, MOST_NEWS) or []
        return [_read_news(spelled) for spelled in (first[1], *rest)]

    async def leased(self, batches: Iterable[str]) -> set[str]:
        """Return which batches some worker is at."""
        numbers = list(batches)
        if not numbers:
            return set()
        found = await self._link.do("MGET", *(self._lease(number) for number in numbers))
        return {number for number, holder in zip(numbers, found, strict=True) if holder}

    async def queued(self, queue: str) -> int:
        """Return how many batches of all runs wait for a worker."""
        return int(await self._link.do("LLEN", queue))

    async def workers(self) -> int:
        """Return how many workers gave a sign of life lately."""
        since_ms = await self._link.now_ms() - PRESENT_MS
        return int(await self._link.do("ZCOUNT", WORKERS, since_ms, "+inf"))

    # What a worker does.

    async def terms(self) -> Terms | None:
        """Return the terms of the run; None when nobody knows it any more.

        Raises:
            BrokerError: terms of another version.
        """
        spelled = await self._link.do("GET", self._terms)
        if spelled is None:
            return None
        try:
            return Terms.model_validate_json(spelled)
        except ValidationError as error:
            found = orjson.loads(spelled).get("version")
            raise BrokerError(
                f"the terms of {self._root} can't be read (version {found}, this program reads "
                f"{TERMS_VERSION}); start workers of the same code"
            ) from error

    async def going(self, generation: str) -> bool:
        """Say whether this process of the run still wants trials begun."""
        current, closed = await self._link.do("MGET", self._open, self._closed)
        return current == generation.encode() and closed is None

    async def take_lease(self, batch: str, holder: str, *, lease_ms: int) -> bool:
        """Make a batch this worker's, unless another one is at it."""
        taken = await self._link.do("SET", self._lease(batch), holder, "NX", "PX", lease_ms)
        return taken is not None

    async def renew_lease(self, batch: str, holder: str, *, lease_ms: int) -> bool:
        """Give a sign of life, late or not; false when the batch is another worker's by now."""
        words = (holder, lease_ms)
        return bool(await self._link.run(_RENEW, keys=[self._lease(batch)], words=words))

    async def release(self, batch: str, holder: str) -> None:
        """Give a batch up."""
        await self._link.run(_RELEASE, keys=[self._lease(batch)], words=(holder,))

    async def is_done(self, trial: str) -> bool:
        """Say whether a trial's record is kept."""
        return bool(await self._link.do("HEXISTS", self._done, trial))

    async def finish(self, trial: str, document: bytes) -> None:
        """Keep what came of a trial, unless it was done before, and tell the run's process."""
        keys = [self._terms, self._done, self._news, self._calls(trial)]
        words = (trial, document, _spelled_news("done", trial), KEPT_MS)
        await self._link.run(_FINISH, keys=keys, words=words)

    async def say(self, kind: Kind, about: str) -> None:
        """Tell the run's process something."""
        words = (_spelled_news(kind, about), KEPT_MS)
        await self._link.run(_APPEND, keys=[self._terms, self._news], words=words)

    async def close(self, why: str) -> None:
        """Tell everybody that no more calls can be paid for."""
        await self._link.do("SET", self._closed, why, "PX", KEPT_MS)
        await self.say("closed", why)

    # The answers that an unfinished trial got, so that nobody pays for them twice.

    async def calls(self, trial: str) -> list[JsonObject]:
        """Return the answers that a trial got so far."""
        found = await self._link.do("LRANGE", self._calls(trial), 0, -1)
        return [orjson.loads(spelled) for spelled in found]

    async def keep_call(self, trial: str, document: bytes) -> None:
        """Keep an answer."""
        keys = [self._terms, self._calls(trial)]
        await self._link.run(_APPEND, keys=keys, words=(document, KEPT_MS))

    async def forget_calls(self, trial: str) -> None:
        """Drop the answers of a trial."""
        await self._link.do("DEL", self._calls(trial))

    def _lease(self, batch: str) -> str:
        return f"{self._root}:lease:{batch}"

    def _calls(self, trial: str) -> str:
        return f"{self._root}:calls:{trial}"


async def be_present(link: Link, name: str) -> None:
    """Give a worker's sign of life."""
    now_ms = await link.now_ms()
    await link.do("ZADD", WORKERS, now_ms, name)
    await link.do("ZREMRANGEBYSCORE", WORKERS, "-inf", now_ms - KEPT_MS)


async def be_gone(link: Link, name: str) -> None:
    """Take back a worker's sign of life."""
    await link.do("ZREM", WORKERS, name)


def _spelled_news(kind: Kind, about: str) -> bytes:
    return orjson.dumps([kind, about])


def _read_news(spelled: bytes) -> tuple[Kind, str]:
    kind, about = orjson.loads(spelled)
    return kind, about
