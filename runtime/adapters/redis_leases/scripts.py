"""What runs inside Redis: each script is one atomic step in the life of a key's lease.

A key has four names in Redis: `holder` (the tenure, ends by itself), `fence` (the last token, kept
for ever), `queue` (waiting tenures by ticket) and `alive` (until when each of them counts as
living, by the server's clock). Written for Redis 6.2 and later. A tenure's name is
`instance#number`; its process listens on the channel of its instance.

`ordered` servers hand the key to the first in the queue: the message `turn` carries the token, and
the tenure is a short one until its process renews it. Its third number is the `alive` value that
the process got with the answer to its last request: with another one the message is out of date.
Servers of a quorum hand nothing over, because a majority has to agree: they only say when to ask.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

CHANNEL: Final = "plangate:lease:wake:"

_SHARED: Final = """
local holder_key, fence_key, queue_key, alive_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function tell(owner, what)
  local instance = string.match(owner, '^(.*)#') or owner
  return redis.call('PUBLISH', 'plangate:lease:wake:' .. instance, what .. ' ' .. owner)
end

local function forget(owner)
  redis.call('ZREM', queue_key, owner)
  redis.call('HDEL', alive_key, owner)
end

local function raise_fence(token, floor)
  if token <= floor then
    token = floor + 1
    redis.call('SET', fence_key, string.format('%.0f', token))
  end
  return token
end

-- Hand the key to the first in the queue who lives and listens, before `asker`; return its name,
-- or false if there is none. One that does not listen keeps its place: its line may be back soon.
local function hand_over(asker, ordered, baton_ms)
  local now = now_ms()
  for _, owner in ipairs(redis.call('ZRANGE', queue_key, 0, -1)) do
    if owner == asker then
      return false
    end
    local alive_until = redis.call('HGET', alive_key, owner) or '0'
    if tonumber(alive_until) < now then
      forget(owner)
    elseif ordered then
      local token = tonumber(redis.call('GET', fence_key) or '0') + 1
      local others = redis.call('ZCARD', queue_key) - 1
      if tell(owner, string.format('turn %.0f %d %s', token, others, alive_until)) > 0 then
        forget(owner)
        redis.call('INCR', fence_key)
        redis.call('SET', holder_key, owner, 'PX', baton_ms)
        return owner
      end
    elseif tell(owner, 'turn 0 0 0') > 0 then
      return owner
    end
  end
  return false
end
"""

_ENTER: Final = """
local owner, previous, floor = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ttl_ms, baton_ms, waiter_ms = ARGV[4], ARGV[5], tonumber(ARGV[6])
local ordered = ARGV[7] == '1'
local holder = redis.call('GET', holder_key)
local waiting = redis.call('ZCARD', queue_key)
local yields = false

if holder == previous then
  holder = false
  yields = not ordered and waiting > 0
end
if not holder and waiting > 0 and (ordered or yields) then
  holder = hand_over(owner, ordered, baton_ms)
  if yields and holder then
    redis.call('DEL', holder_key)
  end
end

if not holder or holder == owner then
  local token = raise_fence(redis.call('INCR', fence_key), floor)
  redis.call('SET', holder_key, owner, 'PX', ttl_ms)
  if waiting > 0 then
    forget(owner)
    waiting = redis.call('ZCARD', queue_key)
  end
  return redis.status_reply(string.format('granted %.0f %d', token, waiting))
end

local place = redis.call('ZRANK', queue_key, owner)
local alive_until = '0'
if waiter_ms > 0 then
  if not place then
    local last = redis.call('ZREVRANGE', queue_key, 0, 0, 'WITHSCORES')
    redis.call('ZADD', queue_key, tonumber(last[2] or '0') + 1, owner)
    place = redis.call('ZRANK', queue_key, owner)
    if place == 0 then
      tell(holder, 'wish')
    end
  end
  alive_until = string.format('%.0f', now_ms() + waiter_ms)
  redis.call('HSET', alive_key, owner, alive_until)
  redis.call('PEXPIRE', queue_key, 2 * waiter_ms)
  redis.call('PEXPIRE', alive_key, 2 * waiter_ms)
end
local ends_in_ms = redis.call('PTTL', holder_key)
return redis.status_reply(
  string.format('refused %d %d %s %s', ends_in_ms, (place or waiting) + 1, alive_until, holder))
"""

_RENEW: Final = """
if redis.call('GET', holder_key) ~= ARGV[1] then
  return false
end
redis.call('PEXPIRE', holder_key, ARGV[2])
return redis.call('ZCARD', queue_key)
"""

_ADVANCE: Final = """
if redis.call('GET', holder_key) ~= ARGV[1] then
  return false
end
local token = tonumber(redis.call('GET', fence_key) or '0')
token = raise_fence(token, tonumber(ARGV[2]) - 1)
return raise_fence(token, tonumber(ARGV[3]))
"""

_LEAVE: Final = """
local owner, baton_ms, ordered = ARGV[1], ARGV[2], ARGV[3] == '1'
if redis.call('GET', holder_key) ~= owner then
  forget(owner)
  return 0
end
local heir = redis.call('ZCARD', queue_key) > 0 and hand_over('', ordered, baton_ms)
if not heir or not ordered then
  redis.call('DEL', holder_key)
end
return 1
"""


@dataclass(frozen=True, kw_only=True)
class Script:
    """Hold the text of a script and the digest that Redis knows it by."""

    text: str

    @cached_property
    def digest(self) -> str:
        """Return the SHA-1 of the text: Redis' own name for it, no safeguard."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


ENTER: Final = Script(text=_SHARED + _ENTER)
RENEW: Final = Script(text=_SHARED + _RENEW)
ADVANCE: Final = Script(text=_SHARED + _ADVANCE)
LEAVE: Final = Script(text=_SHARED + _LEAVE)


def names(key: str) -> tuple[str, str, str, str]:
    """Return a key's names in Redis; the braces keep them on one node of a cluster.

    >>> names("prj_1")[0]
    'plangate:lease:{prj_1}:holder'
    """
    stem = f"plangate:lease:{{{key}}}"
    return f"{stem}:holder", f"{stem}:fence", f"{stem}:queue", f"{stem}:alive"
