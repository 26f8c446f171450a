-- Let others run what a worker leased and does not run: it ends, or never learned that it has it.
--
-- Nothing is counted against the jobs. Returns how many were its own.
create function give_back_jobs(
  in_organization text, in_worker text, in_ids text[], in_attempts bigint[]
) returns bigint
language plpgsql as $$
declare
  given_back text[];
begin
  perform set_config('app.organization_id', in_organization, true);
  with held as (
    select jobs.id from jobs
    join unnest(in_ids, in_attempts) as given (id, attempt) on given.id = jobs.id
    where jobs.organization_id = in_organization and jobs.leased_by = in_worker
      and jobs.status = 'running' and jobs.attempt = given.attempt
    order by jobs.id for update of jobs
  ), changed as (
    update jobs set
      status = case when cancel_asked_at is null then 'waiting' else 'cancelled' end,
      leased_by = null, leased_until = null, not_before = now(),
      ended_at = case when cancel_asked_at is not null then now() end
    from held where jobs.organization_id = in_organization and jobs.id = held.id
    returning jobs.id
  )
  select coalesce(array_agg(id), '{}') into given_back from changed;
  perform settle_jobs(in_organization, given_back);
  return cardinality(given_back);
end $$
