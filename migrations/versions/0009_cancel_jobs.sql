-- Cancel jobs of the tenant that the transaction names: those that wait at once; of those that run it
-- is asked, and their worker learns it when it next beats. Those that have ended stay as they are.
--
-- Returns each that there is, with what it is now and whether it was asked to cancel.
create function cancel_jobs(in_organization text, in_ids text[], in_reason text)
returns table (id text, status text, asked_to_cancel boolean)
language plpgsql as $$
#variable_conflict use_column
begin
  with held as (
    select jobs.id from jobs
    where jobs.organization_id = in_organization and jobs.id = any(in_ids)
      and jobs.status in ('waiting', 'running')
    order by jobs.id for update
  )
  update jobs set
    status = case when jobs.status = 'waiting' then 'cancelled' else jobs.status end,
    ended_at = case when jobs.status = 'waiting' then now() end,
    reason = in_reason,
    cancel_asked_at = coalesce(jobs.cancel_asked_at, now())
  from held where jobs.organization_id = in_organization and jobs.id = held.id;
  perform settle_jobs(in_organization, in_ids);
  return query
    select jobs.id, jobs.status, jobs.cancel_asked_at is not null from jobs
    where jobs.organization_id = in_organization and jobs.id = any(in_ids) order by jobs.id;
end $$
