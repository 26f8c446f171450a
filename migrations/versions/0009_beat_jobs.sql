-- Say that a worker is alive, to all tenants that it works for, and return what it is thought to run.
--
-- One row a job, and whether it was asked to cancel it. Tenants are in order, as their rows are locked.
create function beat_jobs(
  in_worker text, in_organizations text[], in_lease_s double precision
) returns table (organization_id text, job_id text, attempt bigint, asked_to_cancel boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  served text;
begin
  insert into job_leases (tenant, worker, until)
  select named, in_worker, now() + make_interval(secs => in_lease_s)
  from unnest(in_organizations) as of (named) order by named
  on conflict (tenant, worker) do update set until = excluded.until;
  foreach served in array in_organizations loop
    perform set_config('app.organization_id', served, true);
    return query
      select served, jobs.id, jobs.attempt, jobs.cancel_asked_at is not null from jobs
      where jobs.organization_id = served and jobs.leased_by = in_worker
        and jobs.status = 'running';
  end loop;
end $$
