-- Take jobs from workers that are gone, and let others run them.
--
-- By liveness and nothing else: a job of a worker that beats is never taken, however long it takes.
-- Each was running when its process died, which is counted; at `in_crashes` it is put aside. Any number
-- may call this: what one looks at is passed over by the others.
--
-- Since 0021 rows are found by their ids alone: see `begin_jobs`.
create function rescue_jobs(in_most integer, in_crashes integer)
returns table (rescued bigint, quarantined bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  lapsed record;
  changed_here text[];
  aside_here bigint;
begin
  rescued := 0;
  quarantined := 0;
  for lapsed in
    select tenant, worker from job_leases where until < now()
    order by tenant, worker limit in_most for update skip locked
  loop
    perform set_config('app.organization_id', lapsed.tenant, true);
    with held as (
      select id from jobs
      where organization_id = lapsed.tenant and leased_by = lapsed.worker
        and status = 'running'
      order by id for update
    ), changed as (
      update jobs set
        status = case when jobs.crashes + 1 >= in_crashes then 'quarantined'
          when jobs.cancel_asked_at is not null then 'cancelled' else 'waiting' end,
        reason = case when jobs.crashes + 1 >= in_crashes
          then 'processes died while they ran it' else jobs.reason end,
        ended_at = case when jobs.crashes + 1 >= in_crashes or jobs.cancel_asked_at is not null
          then now() end,
        crashes = jobs.crashes + 1, leased_by = null, leased_until = null, not_before = now()
      from held where jobs.organization_id = lapsed.tenant
        and jobs.id = any(array(select id from held)) and jobs.id = held.id
      returning jobs.id, jobs.status
    )
    select coalesce(array_agg(id), '{}'), count(*) filter (where status = 'quarantined')
    into changed_here, aside_here from changed;
    perform settle_jobs(lapsed.tenant, changed_here);
    delete from job_leases
    where tenant = lapsed.tenant and worker = lapsed.worker;
    rescued := rescued + cardinality(changed_here) - aside_here;
    quarantined := quarantined + aside_here;
  end loop;
  return next;
end $$
