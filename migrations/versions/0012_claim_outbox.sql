-- Take jobs that are due out of the outbox for a relay, a fair share of each tenant's.
--
-- The relay hands them to the queue before its transaction ends: if it does not end well, nothing
-- was taken. Rows stay until a job is begun; should the queue lose one, it is due again after
-- `in_again_s`, then after twice that, and so on. Tenants of which something is due take turns from
-- `in_after` on and round again, at most `in_tenants` of them a call.
--
-- Since 0012 one relay at a time looks at a tenant, so that what may be under way of it is counted
-- right; the others pass on to the next. `in_usual` is how much that is where the tenant does not say.
-- A crash of the database may forget what was taken last: then it is handed over twice, which leases
-- are there for, and nobody waits for the disk meanwhile.
-- Whom to look at is found by lanes, the rows of one tenant, project and priority: the first row of a
-- lane tells when something of it is due, and the next step leads behind its last one.
--
-- Returns the last tenant that was looked at, whether all were, and the jobs.
create function claim_outbox(
  in_after text, in_most integer, in_each integer, in_tenants integer, in_again_s double precision,
  in_usual integer default 200
) returns table (after text, round boolean, taken json)
language plpgsql as $$
declare
  lane record;
  left_over integer := in_most;
  looked_at integer := 0;
  steps integer := 0;
  found_here json[];
  all_found json[] := '{}';
begin
  perform set_config('synchronous_commit', 'off', true);
  after := in_after;
  round := true;
  <<turns>>
  for turn in 1..2 loop
    exit when turn = 2 and in_after = '';
    for lane in
      with recursive lanes as (
        (
          select tenant, project_id, priority, not_before <= now() as due from outbox
          where tenant > case turn when 1 then in_after else '' end
          order by outbox.tenant, outbox.project_id, outbox.priority, outbox.not_before limit 1
        )
        union all
        select beyond.* from lanes cross join lateral (
          select tenant, project_id, priority, not_before <= now() as due from outbox
          where (tenant, project_id, priority) > (
            lanes.tenant, case when lanes.due then '~' else lanes.project_id end, lanes.priority)
          order by outbox.tenant, outbox.project_id, outbox.priority, outbox.not_before limit 1
        ) as beyond
      )
      select tenant, due from lanes
    loop
      exit when turn = 2 and lane.tenant > in_after;
      if left_over <= 0 or looked_at >= in_tenants
        or steps >= 10 * in_tenants and lane.tenant <> after
      then
        round := false;
        exit turns;
      end if;
      after := lane.tenant;
      steps := steps + 1;
      continue when not lane.due;
      looked_at := looked_at + 1;
      continue when not pg_try_advisory_xact_lock(hashtextextended(lane.tenant, 13));
      found_here := claim_of_tenant(
        lane.tenant, least(in_each, left_over), in_again_s, in_usual);
      left_over := left_over - cardinality(found_here);
      all_found := all_found || found_here;
    end loop;
  end loop;
  taken := array_to_json(all_found);
  return next;
end $$
