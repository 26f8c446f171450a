-- Try jobs again that were given up, with all their tries before them; returns which those are.
--
-- The caller's transaction names the tenant. A fence is never used twice, so attempts go on counting.
-- One whose unique key a job has that has not ended stays given up, and of several with one key only
-- the first is tried.
create function reopen_jobs(in_organization text, in_ids text[]) returns text[]
language plpgsql as $$
declare
  reopened text[];
begin
  with held as (
    select jobs.id, jobs.project_id, jobs.name, jobs.unique_key from jobs
    where jobs.organization_id = in_organization and jobs.id = any(in_ids)
      and jobs.status in ('dead', 'cancelled', 'quarantined')
    order by jobs.id for update
  ), free as (
    select distinct on (project_id, name, coalesce(unique_key, id)) id from held
    where unique_key is null or not exists (
      select from jobs as twin
      where twin.organization_id = in_organization and twin.project_id = held.project_id
        and twin.name = held.name and twin.unique_key = held.unique_key
        and twin.status in ('waiting', 'running')
    )
    order by project_id, name, coalesce(unique_key, id), id
  ), changed as (
    update jobs set
      status = 'waiting', offered = jobs.serial_key is null, errors = 0, crashes = 0,
      not_before = now(), reason = null, ended_at = null, cancel_asked_at = null
    from free where jobs.organization_id = in_organization and jobs.id = free.id
    returning jobs.id
  )
  select coalesce(array_agg(id), '{}') into reopened from changed;
  perform settle_jobs(in_organization, reopened);
  return reopened;
end $$
