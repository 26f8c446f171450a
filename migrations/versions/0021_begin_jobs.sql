-- Lease jobs to a worker, those of the given ones that may start now, and return them.
--
-- A job may start when it waits and its time has come, or when whoever ran it is gone: its own
-- lease is over and its worker does not beat any more. Then a process died with it, which is counted;
-- at `in_crashes` it is put aside. Each start makes the next fence. The job's own lease is in its own
-- row, so that of two who start it at once the second sees the first.
--
-- Since 0012 nothing starts of a tenant or project that is paused. Who pauses waits for those that
-- are just starting, so that nothing starts after it. What was handed over already is offered again
-- when jobs flow again. Nor is the worker's own row changed where it beat as it should, every third of
-- a lease: all that it begins for a tenant would wait for each other.
--
-- Nobody waits for the disk: whoever begins jobs tells nobody before they end, and the end is on disk
-- with all that went before it. Should the database crash meanwhile, it forgets the start: the job
-- waits as before, its end does not count, and it runs again, as after a death of its worker.
--
-- Since 0021 rows are found by their ids alone, whatever the planner thinks of how many there are: a
-- join by hash would read all jobs that the tenant ever had.
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
declare
  closed text[];
  others text[];
begin
  perform set_config('app.organization_id', in_organization, true),
    set_config('synchronous_commit', 'off', true),
    pg_advisory_xact_lock_shared(hashtextextended(in_organization, 12));
  select array_agg(scope) into closed from job_queues
  where organization_id = in_organization and paused_at is not null;
  if not exists (
    select from job_leases where tenant = in_organization and worker = in_worker
      and until >= now() + make_interval(secs => 0.6 * in_lease_s)
  ) then
    insert into job_leases (tenant, worker, until)
    values (in_organization, in_worker, now() + make_interval(secs => in_lease_s))
    on conflict (tenant, worker) do update
    set until = greatest(job_leases.until, excluded.until);
  end if;

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
    ) and (closed is null or not closed && array[in_organization, jobs.project_id])
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
    from held where jobs.organization_id = in_organization and jobs.id = any(in_ids)
      and jobs.id = held.id
    returning jobs.id, jobs.project_id, jobs.kind, jobs.name, jobs.principal_id,
      jobs.credential_id, jobs.claims, jobs.outcome_id, jobs.step, jobs.payload, jobs.attempt,
      jobs.errors, jobs.crashes, jobs.schedule_to_start_s, jobs.start_to_close_s, held.waited_s,
      jobs.cancel_asked_at is not null as asked_to_cancel, jobs.status
  ), no_longer_due as (
    delete from outbox
    where outbox.tenant = in_organization
      and outbox.job_id = any(array(select held.id from held))
  )
  select begun.id, begun.project_id, begun.kind, begun.name, begun.principal_id,
    begun.credential_id, begun.claims, begun.outcome_id, begun.step, begun.payload, begun.attempt,
    begun.errors, begun.crashes, begun.schedule_to_start_s, begun.start_to_close_s, begun.waited_s,
    begun.asked_to_cancel, (
      select outcomes.document from outcomes where outcomes.organization_id = in_organization
        and outcomes.project_id = begun.project_id and outcomes.id = begun.outcome_id
    )
  from begun
  where begun.status = 'running'
  order by begun.id;

  select array_agg(jobs.id) into others from jobs
  where jobs.organization_id = in_organization and jobs.id = any(in_ids)
    and jobs.status <> 'running';
  if others is not null then
    perform settle_jobs(in_organization, others);
  end if;
end $$
