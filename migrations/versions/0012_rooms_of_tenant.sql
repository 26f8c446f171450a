-- Say what the queues of a tenant leave room for now; the caller names the tenant, and has its turn.
--
-- `shut`: all of it is paused. `at_once` and `starts` are what the whole tenant may have under way,
-- and may start; null where it does not say. `closed` are projects that are paused. `bounded` are those
-- with a limit of their own, and `rooms` says of each how many more may start. Only projects of which
-- jobs wait are looked at.
create function rooms_of_tenant(in_tenant text) returns table (
  shut boolean, at_once bigint, starts bigint, closed text[], bounded text[], rooms bigint[]
)
language sql stable as $$
  with said as (
    select queue.project_id, queue.paused_at is not null as paused, queue.at_once,
      floor(tokens_left(queue.tokens, queue.filled_at, queue.per_minute))::bigint as starts
    from job_queues as queue
    where queue.organization_id = in_tenant and (queue.project_id is null or exists (
      select from outbox
      where outbox.tenant = in_tenant and outbox.project_id = queue.project_id))
  ), limited as (
    select said.project_id, greatest(0, least(said.starts, said.at_once - case
      when said.at_once is null then 0
      else (
        select count(*) from outbox where outbox.tenant = in_tenant
          and outbox.project_id = said.project_id and outbox.handed > 0
      ) + (
        select count(*) from jobs where jobs.organization_id = in_tenant
          and jobs.status = 'running' and jobs.project_id = said.project_id
      ) end)) as room
    from said
    where said.project_id is not null and not said.paused
      and (said.at_once is not null or said.starts is not null)
  )
  select coalesce(bool_or(said.paused) filter (where said.project_id is null), false),
    max(said.at_once) filter (where said.project_id is null),
    max(said.starts) filter (where said.project_id is null),
    coalesce(array_agg(said.project_id) filter (where said.project_id is not null and said.paused),
      '{}'),
    (select coalesce(array_agg(project_id order by project_id), '{}') from limited),
    (select coalesce(array_agg(room order by project_id), '{}') from limited)
  from said
$$
