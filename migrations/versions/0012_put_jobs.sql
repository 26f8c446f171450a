-- Put jobs of a project, and return how many of them are new.
--
-- The caller's transaction names the tenant and makes whatever the jobs follow from. One that is
-- there already, or whose unique key a job has that has not ended, is left out. Since 0012 those that
-- may go are put into the outbox by the same statement; those of a serial key as their turn comes.
create function put_jobs(
  in_organization text, in_project text, in_at timestamptz, in_jobs json
) returns bigint
language plpgsql as $$
declare
  put bigint;
  keys text[];
begin
  with new as (
    insert into jobs
      (organization_id, id, project_id, kind, name, principal_id, credential_id, claims, outcome_id,
       step, payload, status, offered, priority, attempt, errors, crashes, not_before, unique_key,
       serial_key, schedule_to_start_s, start_to_close_s, created_at)
    select in_organization, id, in_project, kind, name, principal_id, credential_id, claims,
      outcome_id, step, payload, 'waiting', serial_key is null, priority, 0, 0, 0,
      now() + make_interval(secs => wait_s), unique_key, serial_key, schedule_to_start_s,
      start_to_close_s, in_at
    from json_to_recordset(in_jobs) as given (
      id text, kind text, name text, principal_id text, credential_id text, claims text,
      outcome_id text, step bigint, payload text, priority bigint, wait_s double precision,
      unique_key text, serial_key text, schedule_to_start_s double precision,
      start_to_close_s double precision)
    order by id
    on conflict do nothing
    returning id, priority, not_before, serial_key
  ), offered as (
    insert into outbox (tenant, job_id, project_id, priority, not_before, alone, handed)
    select in_organization, id, in_project, priority, not_before, false, 0
    from new where serial_key is null
    order by id
    on conflict (tenant, job_id) do nothing
  )
  select count(*), array_agg(distinct serial_key) filter (where serial_key is not null)
  into put, keys from new;
  if keys is not null then
    perform advance_serial(in_organization, keys);
  end if;
  return put;
end $$
