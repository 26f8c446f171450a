-- Lease jobs to a worker, those of the given ones that may start now, and return them.
--
-- A job may start when it waits and its time has come, or when whoever ran it is gone: its own
-- lease is over and its worker does not beat any more. Then a process died with it, which is counted;
-- at `in_crashes` it is put aside. Each start makes the next fence. The job's own lease is in its own
-- row, so that of two who start it at once the second sees the first.
create function begin_jobs(
  in_organization text, in_ids text[], in_worker text, in_lease_s double precision,
  in_crashes integer
) returns table (
  id text, project_id text, kind text, name text, principal_id text, credential_id text, claims text,
  outcome_id text, step bigint, payload text, attempt bigint, errors bigint, crashes bigint,
  schedule_to_start_s double precision, start_to_close_s double precision,
  waited_s double precision, asked_to_cancel boolean, document text
)
language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('app.organization_id', in_organization, true);
  insert into job_leases (tenant, worker, until)
  values (in_organization, in_worker, now() + make_interval(secs => in_lease_s))
  on conflict (tenant, worker) do update
  set until = greatest(job_leases.until, excluded.until);

  return query
  with held as (
    select jobs.id, jobs.status = 'running' as died,
      extract(epoch from now() - jobs.not_before)::double precision as waited_s
    from jobs
    where jobs.organization_id = in_organization and jobs.id = any(in_ids) and (
      jobs.status = 'waiting' and jobs.offered and jobs.not_before <= now()
      or jobs.status = 'running' and jobs.leased_until < now() and not exists (
        select from job_leases
        where job_leases.tenant = in_organization
          and job_leases.worker = jobs.leased_by and job_leases.until >= now()
      )
    )
    order by jobs.id for update
  ), begun as (
    update jobs set
      status = case when held.died and jobs.crashes + 1 >= in_crashes then 'quarantined'
        else 'running' end,
      reason = case when held.died and jobs.crashes + 1 >= in_crashes
        then 'processes died while they ran it' else jobs.reason end,
      ended_at = case when held.died and jobs.crashes + 1 >= in_crashes then now() end,
      leased_by = case when held.died and jobs.crashes + 1 >= in_crashes then null
        else in_worker end,
      leased_until = case when held.died and jobs.crashes + 1 >= in_crashes then null
        else now() + make_interval(secs => in_lease_s) end,
      attempt = jobs.attempt + 1,
      crashes = jobs.crashes + held.died::integer,
      offered = true,
      started_at = coalesce(jobs.started_at, now())
    from held where jobs.organization_id = in_organization and jobs.id = held.id
    returning jobs.id, jobs.project_id, jobs.kind, jobs.name, jobs.principal_id,
      jobs.credential_id, jobs.claims, jobs.outcome_id, jobs.step, jobs.payload, jobs.attempt,
      jobs.errors, jobs.crashes, jobs.schedule_to_start_s, jobs.start_to_close_s, held.waited_s,
      jobs.cancel_asked_at is not null as asked_to_cancel, jobs.status
  )
  select begun.id, begun.project_id, begun.kind, begun.name, begun.principal_id,
    begun.credential_id, begun.claims, begun.outcome_id, begun.step, begun.payload, begun.attempt,
    begun.errors, begun.crashes, begun.schedule_to_start_s, begun.start_to_close_s, begun.waited_s,
    begun.asked_to_cancel, outcomes.document
  from begun left join outcomes on outcomes.organization_id = in_organization
    and outcomes.project_id = begun.project_id and outcomes.id = begun.outcome_id
  where begun.status = 'running'
  order by begun.id;

  perform settle_jobs(in_organization, in_ids);
end $$
