"""What runs inside Redis: each script is one atomic step; written for Redis 6.2 and later.

A window is a hash: how many actions by part of its span, by the server's own clock. The oldest part
that reaches into the span counts as a whole. What is reserved stands in the part in which it would
end at the latest (`hold_ms` from now), so it counts until it is settled, or as long as it may have
run; what is settled stands in the part in which it was. A reservation is a document of its own: at
which instant it stands, how many steps, in which windows. Asked for again on the same terms, it is
granted and its time begins anew; on others, it is judged anew.

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

-- Take steps out of the windows of a reservation, never below nothing.
local function take_back(reservation)
  for _, place in ipairs(reservation.places) do
    local part = part_of(reservation.at, place.grain_ms)
    local held = tonumber(redis.call('HGET', place.key, part) or '0')
    if held > reservation.steps then
      redis.call('HINCRBY', place.key, part, -reservation.steps)
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

_RESERVE: Final = """
local since, begun_at = begun()
if request.writes and now - begun_at < hold_ms then
  return cjson.encode({wait_ms = hold_ms - (now - begun_at)})
end

local windows, forgotten = {}, {}
for number, asked in ipairs(request.windows) do
  local window = {
    key = asked.key, most = asked.most, grain_ms = asked.grain_ms,
    used = 0, parts = {}, past = {}, fresh = {},
  }
  local first = math.floor(now / asked.grain_ms) - 60
  local known = now - begun_at >= 61 * asked.grain_ms + hold_ms
  local fields = redis.call('HGETALL', asked.key)
  for place = 1, #fields, 2 do
    local part = tonumber(fields[place])
    local count = tonumber(fields[place + 1])
    if not part then
      known = known or fields[place + 1] == since
    elseif part >= first then
      window.parts[part] = count
      window.used = window.used + count
    else
      table.insert(window.past, fields[place])
    end
  end
  windows[number] = window
  if not known then
    table.insert(forgotten, number)
  end
end
if #forgotten > 0 then
  return cjson.encode({forgotten = forgotten, since = since})
end

-- When at most `most` of what is used still counts; nothing if that is never.
local function free_at(window, most)
  if most < 0 then
    return nil
  end
  local over, at, parts = window.used - most, now, {}
  for part in pairs(window.parts) do
    table.insert(parts, part)
  end
  table.sort(parts)
  for _, part in ipairs(parts) do
    if over <= 0 then
      break
    end
    over = over - window.parts[part]
    at = (part + 61) * window.grain_ms
  end
  return at
end

local function first_full(claim, steps)
  for _, number in ipairs(claim.windows) do
    local window = windows[number]
    if window.used + steps > window.most then
      return {
        window = number, used = window.used, wanted = steps,
        free_at = free_at(window, window.most - steps),
      }
    end
  end
end

local function count(claim, steps, at)
  for _, number in ipairs(claim.windows) do
    local window = windows[number]
    local part = math.floor(at / window.grain_ms)
    window.parts[part] = (window.parts[part] or 0) + steps
    window.used = window.used + steps
    window.fresh[part] = (window.fresh[part] or 0) + steps
  end
end

local function places(claim)
  local found = {}
  for _, number in ipairs(claim.windows) do
    table.insert(found, {key = windows[number].key, grain_ms = windows[number].grain_ms})
  end
  return found
end

local answers, reserved = {}, {}
for number, claim in ipairs(request.claims) do
  local reservation = request.writes and reservation_at(claim.key)
  if not reservation or reservation.settled then
    reservation = {at = now + hold_ms, steps = 0, stretches = 0, terms = claim.terms}
  end
  local refusal = nil
  while reservation.stretches < #claim.stretches and not refusal do
    local stretch = claim.stretches[reservation.stretches + 1]
    if not stretch.urgent then
      refusal = first_full(claim, stretch.steps)
    end
    if not refusal then
      count(claim, stretch.steps, reservation.at)
      reservation.steps = reservation.steps + stretch.steps
      reservation.stretches = reservation.stretches + 1
    end
  end
  if reservation.steps > 0 then
    reservation.places = places(claim)
    reserved[claim.key] = reservation
  end
  answers[number] = {steps = reservation.steps, refusal = refusal}
end

if request.writes then
  for key, reservation in pairs(reserved) do
    redis.call('SET', key, cjson.encode(reservation), 'PX', request.kept_ms)
  end
  for _, window in ipairs(windows) do
    local touched = false
    for part, steps in pairs(window.fresh) do
      redis.call('HINCRBY', window.key, text(part), text(steps))
      touched = true
    end
    if touched then
      redis.call('HSET', window.key, 'known', since)
      keep(window.key, window.grain_ms)
      for _, part in ipairs(window.past) do
        redis.call('HDEL', window.key, part)
      end
    end
  end
end

local uses = {}
for number, window in ipairs(windows) do
  uses[number] = {used = window.used, free_at = free_at(window, 0)}
end
return cjson.encode({claims = answers, uses = uses})
"""

_RENEW: Final = """
for _, claim in ipairs(request.claims) do
  local reservation = reservation_at(claim.key)
  if reservation and not reservation.settled then
    take_back(reservation)
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
    if reservation then
      take_back(reservation)
    end
    if charge.done > 0 then
      for _, number in ipairs(charge.windows) do
        local window = request.charged[number]
        redis.call('HINCRBY', window.key, part_of(now, window.grain_ms), text(charge.done))
        keep(window.key, window.grain_ms)
      end
    end
    redis.call('SET', charge.key, '{"settled":true}', 'PX', request.settled_kept_ms)
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


RESERVE: Final = Script(text=_SHARED + _SETTLE + _RENEW + _RESERVE)
FORESEE: Final = Script(text=_SHARED + _RESERVE)
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
