"""Keep all machines together below a provider's limits: token buckets in Redis, on its clock.

A bucket holds one second's worth. In any span of w minutes it lets through at most
`rate * w + max(one second's worth, the largest request)`: nothing is given that was not saved.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.remote.link import Link, Word
from runtime.public import parse_model_reference

LONGEST_NAP_S: Final = 5.0
KEPT_MS: Final = 86_400_000

_WRITTEN: Final = re.compile(r"(?P<name>.+)=(?P<requests>[0-9]{1,9})(,(?P<tokens>[0-9]{1,12}))?")

_BUCKETS: Final = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local function look(key, name, rate)
  local most = math.max(1, rate / 60)
  local level = tonumber(redis.call('HGET', key, name)) or most
  local at = tonumber(redis.call('HGET', key, name .. '_at')) or now
  local saved = math.max(0, now - at) * rate / 60000000
  return {key = key, name = name, most = most, at = math.max(at, now), rate = rate,
          level = math.min(most, level + saved)}
end
local function keep(found)
  redis.call('HSET', found.key, found.name, string.format('%.17g', found.level),
             found.name .. '_at', string.format('%.17g', found.at))
  redis.call('PEXPIRE', found.key, KEPT)
end
""".replace("KEPT", str(KEPT_MS))

_TAKE: Final = (
    _BUCKETS
    + """
local wait, taken = 0, {}
local function want(key, name, rate, cost)
  if rate == 0 then return end
  local found = look(key, name, rate)
  local need = math.min(cost, found.most)
  if found.level < need then
    wait = math.max(wait, math.ceil((need - found.level) * 60000000 / rate))
  end
  found.level = found.level - cost
  taken[#taken + 1] = found
end
for index, key in ipairs(KEYS) do
  want(key, 'requests', tonumber(ARGV[1 + index * 2]), 1)
  want(key, 'tokens', tonumber(ARGV[2 + index * 2]), tonumber(ARGV[2]))
end
if wait > 0 then return {wait, now} end
for _, found in ipairs(taken) do keep(found) end
return {0, now}
"""
)

# What a request did not use is given back less what the bucket saved since it was taken: else a
# bucket that filled up meanwhile would let both through at once.
_CORRECT: Final = (
    _BUCKETS
    + """
local since, taken, used = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for index, key in ipairs(KEYS) do
  local rate = tonumber(ARGV[4 + index])
  if rate > 0 then
    local found = look(key, 'tokens', rate)
    local back = taken - used
    if back > 0 then back = math.max(0, back - math.max(0, now - since) * rate / 60000000) end
    found.level = math.min(found.most, found.level + back)
    keep(found)
  end
end
return 0
"""
)


class RateError(ValueError):
    """A rate that can't be read or meets no model; the message says how to write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Bound what a model, or all models of a provider, may be asked in a minute.

    Attributes:
        tokens: prompt and completion together; 0: no bound.
    """

    requests: int
    tokens: int = 0


def read_rate(text: str) -> tuple[str, Rate]:
    """Read `NAME=RPM[,TPM]`, where NAME is `provider/model` or a provider.

    Raises:
        RateError: it is not written like that.

    >>> read_rate("openai/gpt-4o-mini=500,200000")
    ('openai/gpt-4o-mini', Rate(requests=500, tokens=200000))
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or int(found["requests"]) == 0 or found["tokens"] == "0":
        raise RateError(
            f"--rate {text[:200]!r} can't be read, expected MODEL=RPM or MODEL=RPM,TPM: requests "
            "and tokens a minute, as in openai/gpt-4o-mini=500,200000"
        )
    return found["name"], Rate(requests=int(found["requests"]), tokens=int(found["tokens"] or 0))


def read_rates(written: Iterable[str], models: Iterable[str]) -> dict[str, Rate]:
    """Read all rates of a run; each has to meet one of its models.

    Args:
        written: as the command line gives them.
        models: references of the run's models.

    Raises:
        RateError: one can't be read, is given twice, or meets no model.
    """
    rates: dict[str, Rate] = {}
    known = {name for model in models for name in _names(model)}
    for text in written:
        name, rate = read_rate(text)
        if name in rates:
            raise RateError(f"--rate {name} is given twice")
        if name not in known:
            raise RateError(
                f"--rate {name} meets no model of this run; expected one of "
                f"{', '.join(sorted(known))}"
            )
        rates[name] = rate
    return rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Remember what a request took from the buckets, and when by the server's clock."""

    at_us: int
    tokens: int


class Pace:
    """Let one model's requests through as its buckets allow; all machines draw on the same ones."""

    def __init__(
        self,
        link: Link,
        limits: Mapping[str, Rate],
        *,
        now_us: Callable[[], int] | None = None,
    ) -> None:
        """Name the buckets.

        Args:
            link: where they are.
            limits: by bucket.
            now_us: a clock in place of the server's, for tests.
        """
        self._link = link
        self._keys = [f"plangate:eval:rate:{{{name}}}" for name in limits]
        self._rates = tuple(limits.values())
        self._now_us = now_us

    async def take(self, tokens: int) -> Grant | float:
        """Take one request and its tokens from every bucket, or from none.

        Returns:
            what was taken, or after how many seconds it may be there.
        """
        words: list[Word] = [self._now(), tokens]
        for rate in self._rates:
            words += [rate.requests, rate.tokens]
        wait_us, now_us = await self._link.run(_TAKE, keys=self._keys, words=words)
        return wait_us / 1e6 if wait_us else Grant(at_us=now_us, tokens=tokens)

    async def turn(self, tokens: int, *, waiting: Callable[[], Awaitable[None]]) -> Grant:
        """Wait until the buckets let a request through.

        Args:
            tokens: the most that it may use.
            waiting: called before every nap.
        """
        while True:
            found = await self.take(tokens)
            if isinstance(found, Grant):
                return found
            await waiting()
            await asyncio.sleep(min(found, LONGEST_NAP_S))

    async def correct(self, grant: Grant, used: int) -> None:
        """Give back what a request did not use, or take what it used beyond."""
        words: list[Word] = [self._now(), grant.at_us, grant.tokens, used]
        words += [rate.tokens for rate in self._rates]
        await self._link.run(_CORRECT, keys=self._keys, words=words)

    def _now(self) -> Word:
        return "" if self._now_us is None else self._now_us()


def pace_of(link: Link, reference: str, rates: Mapping[str, Rate]) -> Pace | None:
    """Return what paces a model: its own rate, its provider's, both, or nothing."""
    limits = {name: rates[name] for name in _names(reference) if name in rates}
    return Pace(link, limits) if limits else None


def _names(reference: str) -> tuple[str, str]:
    model = parse_model_reference(reference)
    return model.model, model.provider
