-- Lease jobs of several organizations to a worker, as `begin_jobs` does of one, in one round trip.
--
-- `in_asked` is an array of objects with an organization and ids. They are taken in the order of the
-- organizations, so that two who do this never wait for each other in a ring.
create function begin_many(
  in_asked json, in_worker text, in_lease_s double precision, in_crashes integer
) returns table (
  organization_id text, id text, project_id text, kind text, name text, principal_id text,
  credential_id text, claims text, outcome_id text, step bigint, payload text, attempt bigint,
  errors bigint, crashes bigint, schedule_to_start_s double precision,
  start_to_close_s double precision, waited_s double precision, asked_to_cancel boolean,
  document text
)
language plpgsql as $$
#variable_conflict use_column
declare
  asked record;
begin
  for asked in
    select organization, array_agg(job) as ids
    from json_to_recordset(in_asked) as given (organization text, ids text[]),
      unnest(given.ids) as of (job)
    group by organization order by organization
  loop
    return query
      select asked.organization, begun.*
      from begin_jobs(asked.organization, asked.ids, in_worker, in_lease_s, in_crashes) as begun;
  end loop;
end $$
