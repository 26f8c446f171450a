-- Put jobs of a project, and return how many of them are new.
--
-- The caller's transaction names the tenant and makes whatever the jobs follow from. One that is
-- there already, or whose unique key a job has that has not ended, is left out.
create function put_jobs(
  in_organization text, in_project text, in_at timestamptz, in_jobs json
) returns bigint
language plpgsql as $$
declare
  put text[];
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
    returning id
  )
  select array_agg(id) into put from new;
  if put is null then
    return 0;
  end if;
  perform settle_jobs(in_organization, put);
  return cardinality(put);
end $$
