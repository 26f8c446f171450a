-- Say how many jobs a rate lets start by now: what was left, and what has come since; a job costs one.
-- Null where there is no rate.
--
-- What nobody uses is kept for two seconds, and one job may always start in the end: so in a minute
-- there start at most as many as the rate says and those of two seconds more.
create function tokens_left(
  in_tokens double precision, in_filled_at timestamptz, in_per_minute bigint
) returns double precision
language sql stable as $$
  select case when in_per_minute is not null then least(
    greatest(1, in_per_minute / 30.0),
    in_tokens + greatest(0, extract(epoch from now() - in_filled_at)) * in_per_minute / 60.0
  )::double precision end
$$
