"""What runs inside Redis: each script is one atomic step; written for Redis 6.2 and later.

A window is a hash: how many actions by part of its span, by the server's own clock. The oldest part
that reaches into the span counts as a whole. What is reserved stands in the part in which it would
end at the latest (`hold_ms` from now), so it counts until it is settled, or as long as it may have
run; what is settled stands in the part in which it was. A reservation is a document of its own: at
which instant it stands, how many steps, in which windows. Asked for again on the same terms, it is
granted and its time begins anew; on others, it is judged anew.

A loan is a reservation that whoever asked for it hands out: told of once its short time is over,
and again once what was under way by then is done. Until then its window says `lent:` and when it
may come back; who is refused meanwhile calls it in (`called`): nothing is lent for a while,
so that who waits and asks again is told what is really used.

`plangate:rates:begun` says since when this server remembers, by the name of its run: one that was
emptied, restarted or promoted may have lost something. Windows that reach further back are known
once their history was told (`known`), or once they don't reach back any more. For `hold_ms` nothing
is granted at all: what was reserved before may yet be done.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from runtime.adapters.redis_rates.granting import GRANT

_SHARED: Final = """
local request = cjson.decode(ARGV[1])
local hold_ms = request.hold_ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

-- Since when this server remembers: its run, and the instant at which we met it.
local function begun()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local met_run, met_at = string.match(redis.call('GET', KEYS[1]) or '', '^(%x+) (%d+)$')
  if met_run == run then
    return met_at, tonumber(met_at)
  end
  redis.call('SET', KEYS[1], run .. ' ' .. text(now))
  return text(now), now
end

local function part_of(at, grain_ms)
  return text(math.floor(at / grain_ms))
end

local function keep(key, grain_ms)
  redis.call('PEXPIRE', key, 62 * grain_ms + hold_ms)
end

-- Take steps of a reservation out of its windows, never below nothing.
local function take_back(reservation, steps)
  for _, place in ipairs(steps > 0 and reservation.places or {}) do
    local part = part_of(reservation.at, place.grain_ms)
    local held = tonumber(redis.call('HGET', place.key, part) or '0')
    if held > steps then
      redis.call('HINCRBY', place.key, part, text(-steps))
    elseif held > 0 then
      redis.call('HDEL', place.key, part)
    end
  end
end

local function reservation_at(key)
  local kept = redis.call('GET', key)
  return kept and cjson.decode(kept)
end
"""

_RENEW: Final = """
for _, claim in ipairs(request.claims) do
  local reservation = reservation_at(claim.key)
  if reservation and not reservation.settled then
    take_back(reservation, reservation.steps)
    if reservation.terms == claim.terms then
      reservation.at = now + hold_ms
      for _, place in ipairs(reservation.places) do
        redis.call('HINCRBY', place.key, part_of(reservation.at, place.grain_ms), reservation.steps)
        keep(place.key, place.grain_ms)
      end
      redis.call('SET', claim.key, cjson.encode(reservation), 'PX', request.kept_ms)
    else
      redis.call('DEL', claim.key)
    end
  end
end
"""

_SETTLE: Final = """
for _, charge in ipairs(request.charges or {}) do
  local reservation = reservation_at(charge.key)
  if not (reservation and reservation.settled) then
    reservation = reservation or {at = now, steps = 0, places = {}}
    local left = math.min(charge.left, reservation.steps)
    take_back(reservation, reservation.steps - left)
    if reservation.lent then
      redis.call('HDEL', reservation.places[1].key, 'lent:' .. charge.key)
    end
    local counted = reservation.counted or 0
    if charge.done > counted then
      for _, number in ipairs(charge.windows) do
        local window = request.charged[number]
        redis.call(
          'HINCRBY', window.key, part_of(now, window.grain_ms), text(charge.done - counted)
        )
        keep(window.key, window.grain_ms)
      end
    end
    if charge.left > 0 then
      reservation.steps = left
      reservation.counted = math.max(counted, charge.done)
      reservation.lent = nil
      redis.call('SET', charge.key, cjson.encode(reservation), 'PX', request.kept_ms)
    else
      redis.call('SET', charge.key, '{"settled":true}', 'PX', request.settled_kept_ms)
    end
  end
end
"""

_RECALL: Final = """
local since = begun()
if since ~= request.since then
  return 'since'
end
for _, window in ipairs(request.windows) do
  if redis.call('HGET', window.key, 'known') ~= since then
    local first = math.floor(now / window.grain_ms) - 60
    local counted, told = 0, 0
    local fields = redis.call('HGETALL', window.key)
    for place = 1, #fields, 2 do
      local part = tonumber(fields[place])
      if part and part >= first then
        counted = counted + tonumber(fields[place + 1])
      end
    end
    for _, item in ipairs(window.counts) do
      if item[1] >= first then
        told = told + item[2]
      end
    end
    if told > counted then
      redis.call('DEL', window.key)
      for _, item in ipairs(window.counts) do
        if item[1] >= first then
          redis.call('HSET', window.key, text(item[1]), text(item[2]))
        end
      end
    end
    redis.call('HSET', window.key, 'known', since)
    keep(window.key, window.grain_ms)
  end
end
return 'recalled'
"""

_READY: Final = """
begun()
redis.call('SET', KEYS[2], 1, 'PX', 1000)
return 'ready'
"""


@dataclass(frozen=True, kw_only=True)
class Script:
    """Hold the text of a script and the digest that Redis knows it by."""

    text: str

    @cached_property
    def digest(self) -> str:
        """Return the SHA-1 of the text: Redis' own name for it, no safeguard."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


RESERVE: Final = Script(text=_SHARED + _SETTLE + _RENEW + GRANT)
FORESEE: Final = Script(text=_SHARED + GRANT)
SETTLE: Final = Script(text=_SHARED + _SETTLE + "return 'settled'")
RECALL: Final = Script(text=_SHARED + _RECALL)
READY: Final = Script(text=_SHARED + _READY)

BEGUN: Final = "plangate:rates:begun"
PROBE: Final = "plangate:rates:ready"


def stem(organization_id: str) -> str:
    """Return how the names of an organization's keys begin; braces keep them together.

    >>> stem("org_1")
    'plangate:rates:{org_1}:'
    """
    return f"plangate:rates:{{{organization_id}}}:"
