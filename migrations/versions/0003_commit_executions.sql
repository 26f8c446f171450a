-- Commit what groups of changes did to projects of one organization, or nothing of it: the only
-- writer of their history.
--
-- One round trip and one transaction. For each project it compares the fencing token, the version,
-- the number of outcomes (not each makes a version, but each may be charged) and the settings that
-- its group was judged against; the caller names the tenant, and row security
-- holds for every row, because the function runs with its caller's rights. `groups` is an array of
-- JSON objects, one a project, whose parts are arrays of rows, null where there are none. A decision
-- of rules that is there already is the same one.
--
-- Errors: PL002 a holder with a larger token has written, PL003 a head moved or its settings changed,
-- PL004 no such project; 23505 when a key or an outcome's id was used before. With several groups
-- any of them may be meant: the caller commits them one by one to learn which.
create function commit_executions(in_organization text, groups json) returns void
language plpgsql as $$
declare
  done bigint;
  wanted record;
  seen record;
begin
  perform set_config('app.organization_id', in_organization, true);

  with given as materialized (
    select * from json_to_recordset(groups) as given (
      project_id text, at timestamptz, fence bigint, version bigint, counted bigint,
      settings bigint,
      next_version bigint, next_digest text, next_state text, next_usage text, added bigint,
      outcomes json, keys json, versions json, snapshots json, events json, records json,
      decisions json)
  ), moved as (
    update heads set
      version = given.next_version, digest = given.next_digest, state = given.next_state,
      usage = given.next_usage, fence = given.fence, outcomes = heads.outcomes + given.added,
      updated_at = given.at
    from given
    where heads.organization_id = in_organization and heads.project_id = given.project_id
      and heads.fence <= given.fence and heads.version = given.version
      and heads.outcomes = given.counted and heads.settings = given.settings
    returning heads.project_id, heads.outcomes - given.added as last
  ), new_keys as (
    insert into idempotency_keys
      (organization_id, principal_id, route, key, body_digest, status, answer, created_at)
    select in_organization, new.principal_id, new.route, new.key, new.body_digest, 200, new.answer,
      given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.keys)
      as new (principal_id text, route text, key text, body_digest text, answer text)
  ), new_outcomes as (
    insert into outcomes
      (organization_id, project_id, number, id, principal_id, credential_id, status, refusal_code,
       plan_digest, before_version, after_version, cost, document, fence, created_at)
    select in_organization, given.project_id, moved.last + new.place, new.id, new.principal_id,
      new.credential_id, new.status, new.refusal_code, new.plan_digest, new.before_version,
      new.after_version, new.cost, new.document, given.fence, given.at
    from given join moved using (project_id)
    cross join lateral rows from (json_to_recordset(given.outcomes)
      as (id text, principal_id text, credential_id text, status text, refusal_code text,
        plan_digest text, before_version bigint, after_version bigint, cost bigint, document text))
      with ordinality as new (id, principal_id, credential_id, status, refusal_code, plan_digest,
        before_version, after_version, cost, document, place)
  ), new_versions as (
    insert into versions
      (organization_id, project_id, version, digest, diff, cause, outcome_id, principal_id, created_at)
    select in_organization, project_id, new.version, new.digest, new.diff, new.cause,
      new.outcome_id, new.principal_id, given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.versions)
      as new (version bigint, digest text, diff text, cause text, outcome_id text,
        principal_id text)
  ), new_snapshots as (
    insert into snapshots (organization_id, project_id, version, digest, state, created_at)
    select in_organization, project_id, new.version, new.digest, new.state, given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.snapshots)
      as new (version bigint, digest text, state text)
  ), new_events as (
    insert into events (organization_id, id, project_id, type, document, created_at)
    select in_organization, new.id, project_id, new.type, new.document, given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.events)
      as new (id text, type text, document text)
  ), new_records as (
    insert into audit_records
      (organization_id, id, project_id, principal_id, kind, document, digest, created_at)
    select in_organization, new.id, project_id, new.principal_id, new.kind, new.document,
      new.digest, given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.records)
      as new (id text, principal_id text, kind text, document text, digest text)
  ), new_decisions as (
    insert into policy_decisions (organization_id, id, revision, input, answer, created_at)
    select in_organization, new.id, new.revision, new.input, new.answer, given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.decisions)
      as new (id text, revision text, input text, answer text)
    order by new.id
    on conflict do nothing
  )
  select count(*) into done from moved;

  if done = json_array_length(groups) then
    return;
  end if;
  select given.project_id, given.fence into wanted
  from json_to_recordset(groups) as given (project_id text, fence bigint) limit 1;
  select heads.fence into seen from heads
  where heads.organization_id = in_organization and heads.project_id = wanted.project_id;
  if not found then
    raise exception 'no such project' using errcode = 'PL004';
  elsif seen.fence > wanted.fence then
    raise exception 'stale fence' using errcode = 'PL002', detail = seen.fence::text;
  end if;
  raise exception 'stale head' using errcode = 'PL003';
end $$
