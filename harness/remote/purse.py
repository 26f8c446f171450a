"""Hold a run's budget where all machines reach it: the worst case of a call is set aside first.

The rules are those of `harness.budget`. What a machine set aside and never settled, because it
died, counts as spent in full once its time is over.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from harness.budget import BudgetExhausted, Spend
from harness.remote.link import Link, Word

KEPT_MS: Final = 86_400_000
NAP_S: Final = 0.05
MARGIN_S: Final = 60.0

_COMMON: Final = """
local purse, holds = KEYS[1], KEYS[2]
local function number(name) return tonumber(redis.call('HGET', purse, name) or '0') end
local function whole(count) return string.format('%.0f', count + 0) end  -- and no -0
local function add(tokens, cost, sign, total)
  redis.call('HINCRBY', purse, total .. '_tokens', whole(sign * tokens))
  redis.call('HINCRBY', purse, total .. '_cost', whole(sign * cost))
end
local function held(name)
  local found = redis.call('HGET', purse, name)
  if not found then return nil end
  local tokens, cost = string.match(found, '(%d+) (%d+)')
  return {tonumber(tokens), tonumber(cost)}
end
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

_BEGIN: Final = (
    _COMMON
    + """
redis.call('HSET', purse, 'cap_tokens', ARGV[1], 'cap_cost', ARGV[2])
redis.call('HDEL', purse, 'over')
if number('spent_tokens') < tonumber(ARGV[3]) then redis.call('HSET', purse, 'spent_tokens', ARGV[3]) end
if number('spent_cost') < tonumber(ARGV[4]) then redis.call('HSET', purse, 'spent_cost', ARGV[4]) end
redis.call('PEXPIRE', purse, ARGV[5])
redis.call('PEXPIRE', holds, ARGV[5])
return 0
"""  # noqa: E501
)

_RESERVE: Final = (
    _COMMON
    + """
local id, tokens, cost = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('HEXISTS', purse, 'cap_tokens') == 0 then return 'gone' end
if held('held:' .. id) then return 'held' end
local now = now_ms()
for _, late in ipairs(redis.call('ZRANGEBYSCORE', holds, '-inf', now)) do
  local worst = held('held:' .. late)
  add(worst[1], worst[2], -1, 'reserved')
  add(worst[1], worst[2], 1, 'spent')
  redis.call('HSET', purse, 'late:' .. late, whole(worst[1]) .. ' ' .. whole(worst[2]))
  redis.call('HDEL', purse, 'held:' .. late)
  redis.call('ZREM', holds, late)
end
local function within(more_tokens, more_cost)
  local cap_tokens = tonumber(redis.call('HGET', purse, 'cap_tokens'))
  local cap_cost = tonumber(redis.call('HGET', purse, 'cap_cost'))
  return (not cap_tokens or number('spent_tokens') + more_tokens <= cap_tokens)
     and (not cap_cost or number('spent_cost') + more_cost <= cap_cost)
end
if redis.call('HEXISTS', purse, 'over') == 1 then return 'over' end
if not within(tokens, cost) then return 'exhausted' end
if not within(tokens + number('reserved_tokens'), cost + number('reserved_cost')) then
  return 'wait'
end
add(tokens, cost, 1, 'reserved')
redis.call('HSET', purse, 'held:' .. id, ARGV[2] .. ' ' .. ARGV[3])
redis.call('ZADD', holds, now + tonumber(ARGV[4]), id)
redis.call('PEXPIRE', holds, ARGV[5])
return 'held'
"""
)

_EXTEND: Final = (
    _COMMON
    + """
return redis.call('ZADD', holds, 'XX', now_ms() + tonumber(ARGV[2]), ARGV[1])
"""
)

_SETTLE: Final = (
    _COMMON
    + """
local id, tokens, cost = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local worst = held('held:' .. id)
local late = held('late:' .. id)
if worst then
  add(worst[1], worst[2], -1, 'reserved')
elseif late then
  worst = late
  add(late[1], late[2], -1, 'spent')
else
  return 0
end
redis.call('HDEL', purse, 'held:' .. id, 'late:' .. id)
redis.call('ZREM', holds, id)
add(tokens, cost, 1, 'spent')
if tokens > worst[1] or cost > worst[2] then redis.call('HSET', purse, 'over', '1') end
return 1
"""
)

_REASONS: Final = {
    b"exhausted": "the next call may use {worst}, which could pass a cap",
    b"over": "a call used more than its worst case: the provider counts otherwise than it is asked",
    b"gone": "nobody keeps the budget of this run any more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Name what was set aside for one call."""

    number: str
    worst: Spend
    hold_ms: int


class Purse:
    """Share the caps of one run between all calls on all machines."""

    def __init__(self, link: Link, run: str) -> None:
        """Name the run."""
        self._link = link
        self._keys = [f"plangate:eval:{{{run}}}:purse", f"plangate:eval:{{{run}}}:holds"]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return where it lies, to be forgotten with the run."""
        return tuple(self._keys)

    async def begin(
        self, *, max_tokens: int | None, max_cost_micros: int | None, spent: Spend
    ) -> None:
        """Set the caps; what the purse knows was spent stays, if it is more than the run knows."""
        words: list[Word] = [
            "" if max_tokens is None else max_tokens,
            "" if max_cost_micros is None else max_cost_micros,
            spent.tokens,
            spent.cost_micros,
            KEPT_MS,
        ]
        await self._link.run(_BEGIN, keys=self._keys, words=words)

    async def reserve(self, worst: Spend, *, longest_s: float) -> Hold:
        """Set the worst case of a call aside; waits while calls in flight may free enough.

        Args:
            worst: the most that it may use.
            longest_s: how long the call may take.

        Raises:
            BudgetExhausted: the caps don't allow it whatever those in flight turn out to cost.
        """
        hold_ms = round((longest_s + MARGIN_S) * 1000)
        hold = Hold(number=secrets.token_hex(8), worst=worst, hold_ms=hold_ms)
        words = (hold.number, worst.tokens, worst.cost_micros, hold_ms, KEPT_MS)
        while True:
            answer = await self._link.run(_RESERVE, keys=self._keys, words=words)
            if answer != b"wait":
                break
            await asyncio.sleep(NAP_S)
        if answer != b"held":
            shown = f"{worst.tokens:,} tokens and ${worst.cost_micros / 1e6:,.6f}"
            reason = _REASONS[answer].format(worst=shown)
            raise BudgetExhausted(f"the budget is used up: {reason}")
        return hold

    async def extend(self, hold: Hold) -> None:
        """Say that the call is still to come."""
        await self._link.run(_EXTEND, keys=self._keys, words=(hold.number, hold.hold_ms))

    async def settle(self, hold: Hold, actual: Spend) -> None:
        """Replace what was set aside by what the call used; a second time changes nothing."""
        words = (hold.number, actual.tokens, actual.cost_micros)
        await self._link.run(_SETTLE, keys=self._keys, words=words)

    async def total(self) -> Spend:
        """Return what was spent, with what is still set aside."""
        names = ("spent_tokens", "reserved_tokens", "spent_cost", "reserved_cost")
        found = await self._link.do("HMGET", self._keys[0], *names)
        tokens, held_tokens, cost, held_cost = (int(count or 0) for count in found)
        return Spend(tokens=tokens + held_tokens, cost_micros=cost + held_cost)
