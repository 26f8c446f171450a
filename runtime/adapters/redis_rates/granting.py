"""What inside Redis grants room: the part of the scripts that judges claims, as `scripts` tells."""

from __future__ import annotations

from typing import Final

GRANT: Final = """
local since, begun_at = begun()
if request.writes and now - begun_at < hold_ms then
  return cjson.encode({wait_ms = hold_ms - (now - begun_at)})
end

local windows, forgotten = {}, {}
for number, asked in ipairs(request.windows) do
  local window = {
    key = asked.key, most = asked.most, grain_ms = asked.grain_ms,
    used = 0, parts = {}, past = {}, fresh = {}, loans = {},
  }
  local first = math.floor(now / asked.grain_ms) - 60
  local known = now - begun_at >= 61 * asked.grain_ms + hold_ms
  local fields = redis.call('HGETALL', asked.key)
  for place = 1, #fields, 2 do
    local name, value = fields[place], fields[place + 1]
    local part = tonumber(name)
    if part and part >= first then
      window.parts[part] = tonumber(value)
      window.used = window.used + tonumber(value)
    elseif name == 'known' then
      known = known or value == since
    elseif not part and tonumber(value) > now then
      if name == 'called' then
        window.called = true
      else
        window.returns_at = math.max(window.returns_at or 0, tonumber(value))
      end
    else
      table.insert(window.past, name)
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
      window.full = true
      return {
        window = number, used = window.used, wanted = steps,
        free_at = free_at(window, window.most - steps),
        returns_in_ms = window.returns_at and window.returns_at - now,
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

-- Lend some of what is left, if anything worth it is.
local function lend(claim, reservation)
  local window = windows[claim.windows[1]]
  local fits = math.floor((window.most - window.used) / claim.share)
  local steps = math.min(claim.stretches[1].steps, fits)
  if reservation.steps == 0 and steps > 0 and not window.called and not window.full then
    count(claim, steps, reservation.at)
    reservation.steps = steps
    reservation.lent = true
  end
  if reservation.steps > 0 then
    table.insert(window.loans, claim.key)
  end
end

local answers, reserved = {}, {}
for number, claim in ipairs(request.claims) do
  local reservation = request.writes and reservation_at(claim.key)
  if not reservation or reservation.settled then
    reservation = {at = now + hold_ms, steps = 0, stretches = 0, terms = claim.terms}
  end
  local refusal = nil
  if claim.share then
    lend(claim, reservation)
  end
  while not claim.share and reservation.stretches < #claim.stretches and not refusal do
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
      for _, loan in ipairs(window.loans) do
        redis.call('HSET', window.key, 'lent:' .. loan, text(now + request.lent_ms))
      end
    end
  end
end
for _, window in ipairs(windows) do
  if window.full and window.returns_at then
    redis.call('HSET', window.key, 'called', text(window.returns_at + request.lent_ms))
  end
end

local uses = {}
for number, window in ipairs(windows) do
  uses[number] = {used = window.used, free_at = free_at(window, 0)}
end
return cjson.encode({claims = answers, uses = uses})
"""
