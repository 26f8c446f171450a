-- End attempts of a worker, and return the ids of those that were still its own to end.
--
-- `in_ends` is an array of objects; `status` is done, dead, cancelled, or waiting for another try
-- after `wait_s`. What another worker has started since, or was taken away, is left as it is. Who was
-- asked to cancel does not try again.
--
-- Since 0013 an end has a cause as well; it is that of the last attempt which was not done. What runs
-- is not in the outbox, so only what waits again and what others wait for has to be settled.
--
-- Since 0021 rows are found by their ids alone: see `begin_jobs`.
create function finish_jobs(in_organization text, in_worker text, in_ends json) returns text[]
language plpgsql as $$
declare
  ended text[];
  followed text[];
begin
  perform set_config('app.organization_id', in_organization, true);
  with given as materialized (
    select id, attempt, reason, cause, result, wait_s, failed, status
    from json_to_recordset(in_ends) as given (
      id text, attempt bigint, status text, reason text, cause text, result text,
      wait_s double precision, failed boolean)
  ), held as (
    select jobs.id,
      case when given.status = 'waiting' and jobs.cancel_asked_at is not null then 'cancelled'
        else given.status end as becomes,
      given.reason, given.cause, given.result, given.wait_s, given.failed
    from jobs join given on given.id = jobs.id
    where jobs.organization_id = in_organization
      and jobs.id = any(array(select id from given)) and jobs.status = 'running'
      and jobs.leased_by = in_worker and jobs.attempt = given.attempt
    order by jobs.id for update of jobs
  ), changed as (
    update jobs set
      status = held.becomes, reason = held.reason, cause = held.cause, result = held.result,
      errors = jobs.errors + held.failed::integer,
      crashes = case when held.becomes = 'done' then 0 else jobs.crashes end,
      leased_by = null, leased_until = null,
      not_before = case when held.becomes = 'waiting' then now() + make_interval(secs => held.wait_s)
        else jobs.not_before end,
      ended_at = case when held.becomes <> 'waiting' then now() end
    from held where jobs.organization_id = in_organization
      and jobs.id = any(array(select id from held)) and jobs.id = held.id
    returning jobs.id, jobs.status, jobs.serial_key
  )
  select coalesce(array_agg(id), '{}'),
    array_agg(id) filter (where status = 'waiting' or serial_key is not null)
  into ended, followed from changed;
  if followed is not null then
    perform settle_jobs(in_organization, followed);
  end if;
  return ended;
end $$
