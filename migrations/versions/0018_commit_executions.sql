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
-- Since 0004 a group may ask for approvals and use some. One that is used must be open, and the
-- organization must have those whose votes were counted as what they were counted.
--
-- Since 0005 groups may be charged to budgets that projects of the organization share. `charges` adds
-- them up: one object a counter, with the amount, and `room`, how much may be used before it; null
-- where there are none, and then nothing is done. Counters are changed last, as other projects wait
-- for them, and in the order of their keys. Each threshold of a budget is told of by an event, once
-- while it allows the same. Returns what is used by now, as [[key, period, used], ...].
--
-- Since 0009 a group may put jobs, the side effects of the steps that it did; null where there are
-- none, and then nothing is done.
--
-- Since 0015 groups may end the jobs that executions are made for: `ends` has them, as `finish_jobs`
-- takes them, each with its worker beside; null where there are none, and then nothing is done. What
-- a job writes and that it is done are one commit, and nothing is where an attempt is not its worker's
-- any more. Jobs that are put are put first, so that what is open until now counts as open.
--
-- Since 0018 `copies` has the immutable copies of the records, one object a record, with the digest
-- of the document that was copied (`document`) and the instant; null where there are none. An
-- organization that is strict demands one of each record: a copy of another document, or of another
-- instant, is none. Who makes it strict waits for commits that did not know it yet, and no later one
-- begins before they do.
--
-- Errors: PL002 a holder with a larger token has written, PL003 a head moved, its settings changed
-- or an approval can't be used any more,
-- PL004 no such project, PL005 a budget has not enough left, or reaches a threshold that a charge
-- brought no event for, PL006 an attempt is over: its detail names the jobs, PL007 a record has no copy and must have one;
-- 23505 when a key or an outcome's id was used before. With several groups any
-- of them may be meant: the caller commits them one by one to learn which.
create function commit_executions(in_organization text, groups json, charges json, ends json default null, copies json default null)
  returns json
language plpgsql as $$
declare
  done bigint;
  spent bigint;
  follows boolean;
  following record;
  ending record;
  over text[] := '{}';
  wanted record;
  seen record;
  charge record;
  reached bigint;
  counted json[] := '{}';
  demanded boolean;
  lacking boolean;
begin
  perform set_config('app.organization_id', in_organization, true);

  perform pg_advisory_xact_lock_shared(hashtextextended('audit_settings/' || in_organization, 0));
  select strict into demanded from audit_settings where organization_id = in_organization;
  if demanded and copies is null then
    raise exception 'a record has no copy' using errcode = 'PL007';
  end if;

  with given as materialized (
    select * from json_to_recordset(groups) as given (
      project_id text, at timestamptz, fence bigint, version bigint, counted bigint,
      settings bigint,
      next_version bigint, next_digest text, next_state text, next_usage text, added bigint,
      outcomes json, keys json, versions json, snapshots json, events json, records json,
      decisions json, approvals json, uses json, jobs json)
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
    on conflict do nothing -- that somebody is refused for their rate has one id a minute
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
  ), new_approvals as (
    insert into approvals
      (organization_id, id, project_id, requester, credential_id, plan_digest, plan,
       policy_revision, state_version, needs, outcome_id, status, created_at, expires_at)
    select in_organization, new.id, project_id, new.requester, new.credential_id, new.plan_digest,
      new.plan, new.policy_revision, new.state_version, new.needs, new.outcome_id, 'pending',
      given.at, new.expires_at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.approvals)
      as new (id text, requester text, credential_id text, plan_digest text, plan text,
        policy_revision text, state_version bigint, needs text, outcome_id text,
        expires_at timestamptz)
  ), used as (
    update approvals set status = 'used', used_by = new.outcome_id, ended_at = given.at
    from given join moved using (project_id) cross join lateral json_to_recordset(given.uses)
      as new (approval_id text, outcome_id text, voters json)
    where approvals.organization_id = in_organization
      and approvals.project_id = given.project_id and approvals.id = new.approval_id
      and approvals.used_by is null and approvals.status in ('pending', 'granted')
      and not exists (
        select from json_to_recordset(new.voters) as voter (member_id text, role text)
        left join members on members.organization_id = in_organization
          and members.id = voter.member_id and members.removed_at is null
          and members.organization_role = voter.role
        where members.id is null
      )
    returning approvals.id
  )
  select (select count(*) from moved),
    (select count(*) from used)
      - (select coalesce(sum(json_array_length(coalesce(uses, '[]'))), 0) from given),
    (select bool_or(jobs is not null) from given)
  into done, spent, follows;

  if done = json_array_length(groups) and spent = 0 then
    if copies is not null then
      with made as materialized (
        select given.at, record.id, record.digest
        from json_to_recordset(groups) as given (at timestamptz, records json)
        cross join lateral json_to_recordset(given.records) as record (id text, digest text)
      ), kept as (
        insert into audit_copies
          (organization_id, record_id, name, sink, version, digest, leaf, at)
        select in_organization, made.id, copy.name, copy.sink, copy.version, copy.digest,
          copy.leaf, made.at
        from made join json_to_recordset(copies) as copy (record_id text, document text,
          at timestamptz, name text, sink text, version text, digest text, leaf text)
          on copy.record_id = made.id and copy.document = made.digest and copy.at = made.at
        returning record_id
      )
      select count(*) > (select count(distinct record_id) from kept) into lacking from made;
      if demanded and lacking then
        raise exception 'a record has no copy' using errcode = 'PL007';
      end if;
    end if;
    if follows then
      for following in
        select given.project_id, given.at, given.jobs
        from json_to_recordset(groups) as given (project_id text, at timestamptz, jobs json)
        where given.jobs is not null order by given.project_id
      loop
        perform put_jobs(in_organization, following.project_id, following.at, following.jobs);
      end loop;
    end if;
    if ends is not null then
      for ending in
        select item ->> 'worker' as worker, json_agg(item) as of_worker,
          array_agg(item ->> 'id') as ids
        from json_array_elements(ends) as of (item) group by 1 order by 1
      loop
        over := over || array(
          select unnest(ending.ids)
          except select unnest(finish_jobs(in_organization, ending.worker, ending.of_worker))
        );
      end loop;
      if cardinality(over) > 0 then
        raise exception 'an attempt is over' using errcode = 'PL006',
          detail = array_to_string(over, ' ');
      end if;
    end if;
    if charges is null then
      return null;
    end if;
    for charge in
      with given as materialized (
        select * from json_to_recordset(charges) as given (
          key text, period text, amount bigint, room bigint, most bigint, at timestamptz,
          project_id text, event json)
      ), added as (
        insert into limit_counters as kept
          (organization_id, key, period, used, told, told_of, updated_at)
        select in_organization, given.key, given.period, given.amount, 0, given.most, given.at
        from given order by given.key, given.period
        on conflict (organization_id, key, period) do update
        set used = kept.used + excluded.used,
          updated_at = greatest(kept.updated_at, excluded.updated_at)
        returning kept.key, kept.period, kept.used, kept.told, kept.told_of
      )
      select given.*, added.used, case when added.told_of = given.most then added.told else 0 end
        as told
      from added join given using (key, period)
    loop
      if charge.used - charge.amount > charge.room then
        raise exception 'a budget has not enough left' using errcode = 'PL005',
          detail = charge.key;
      end if;
      counted := counted || json_build_array(charge.key, charge.period, charge.used);
      continue when charge.used < (charge.most + 1) / 2;
      select max(percent) into reached from unnest(array[50, 80, 90, 100]) as of (percent)
      where charge.used >= (charge.most * percent + 99) / 100;
      if reached > charge.told then
        if charge.event is null then
          raise exception 'a threshold has to be told of' using errcode = 'PL005',
            detail = charge.key;
        end if;
        insert into events (organization_id, id, project_id, type, document, created_at)
        select in_organization, left(charge.event ->> 'id', -1) || place, charge.project_id,
          'limit.reached',
          (charge.event ->> 'begins') || percent || (charge.event ->> 'goes_on') || charge.used
            || '}', charge.at
        from unnest(array[50, 80, 90, 100]) with ordinality as of (percent, place)
        where percent > charge.told and percent <= reached;
        update limit_counters set told = reached, told_of = charge.most
        where organization_id = in_organization and key = charge.key and period = charge.period;
      end if;
    end loop;
    return array_to_json(counted);
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
