-- Take what is due of one tenant, and may be under way by what its queues say.
--
-- Who calls this holds the tenant's turn: nobody else takes its jobs, nor changes what is said of
-- them. Under way is what was handed over and has not begun, and what runs; a job that begins
-- meanwhile is counted once, for one snapshot sees both. What the queue may have lost is under way
-- already and is handed over again without further ado; anything else needs room, and a token where
-- there is a rate. A row that somebody is changing is left to the next look. The most urgent come
-- first; of equal ones, projects take turns.
--
-- Since 0021 rows are found by their ids alone: see `begin_jobs`.
create function claim_of_tenant(
  in_tenant text, in_most integer, in_again_s double precision, in_usual integer
) returns json[]
language plpgsql as $$
declare
  speaks boolean;
  said record;
  at_once bigint := in_usual;
  starts bigint;
  closed text[] := '{}';
  bounded text[] := '{}';
  rooms bigint[] := '{}';
  under_way bigint;
  lost bigint;
  most integer;
  first_project text;
  last_project text;
  again json[] := '{}';
  fresh json[] := '{}';
begin
  perform set_config('app.organization_id', in_tenant, true);
  select exists (select from job_queues where organization_id = in_tenant),
    count(*) + (
      select count(*) from jobs where organization_id = in_tenant and status = 'running'
    ),
    count(*) filter (where not_before <= now()),
    (select min(project_id) from outbox where tenant = in_tenant),
    (select max(project_id) from outbox where tenant = in_tenant)
  into speaks, under_way, lost, first_project, last_project
  from outbox where tenant = in_tenant and handed > 0;
  if speaks then
    select * into said from rooms_of_tenant(in_tenant);
    if said.shut then
      return '{}';
    end if;
    at_once := coalesce(said.at_once, in_usual);
    starts := said.starts;
    closed := said.closed;
    bounded := said.bounded;
    rooms := said.rooms;
  end if;
  if lost > 0 then
    with due as (
      select job_id from outbox
      where tenant = in_tenant and handed > 0 and not_before <= now() and project_id <> all(closed)
      order by job_id limit in_most for update skip locked
    ), marked as (
      update outbox
      set not_before = now() + make_interval(secs => in_again_s * power(2, least(handed, 5))),
        handed = handed + 1
      where outbox.tenant = in_tenant and outbox.job_id = any(array(select job_id from due))
      returning outbox.job_id, outbox.project_id, outbox.priority, outbox.alone
    )
    select coalesce(array_agg(
      json_build_array(in_tenant, job_id, project_id, priority, alone) order by job_id), '{}')
    into again from marked;
  end if;

  most := least(in_most - cardinality(again), at_once - under_way, starts);
  if most <= 0 then
    return again;
  end if;
  if first_project = last_project and cardinality(closed) + cardinality(bounded) = 0 then
    with due as (
      select found.job_id from generate_series(9, 0, -1) as ranks (rank) cross join lateral (
        select job_id from outbox
        where tenant = in_tenant and project_id = first_project and priority = rank
          and not_before <= now() and handed = 0
        order by not_before, job_id limit most for update skip locked
      ) as found limit most
    ), marked as (
      update outbox set not_before = now() + make_interval(secs => in_again_s), handed = 1
      where outbox.tenant = in_tenant and outbox.job_id = any(array(select job_id from due))
      returning outbox.job_id, outbox.project_id, outbox.priority, outbox.alone
    )
    select coalesce(array_agg(
      json_build_array(in_tenant, job_id, project_id, priority, alone) order by job_id), '{}')
    into fresh from marked;
    if starts is not null then
      perform spend_tokens(in_tenant, fresh);
    end if;
    return again || fresh;
  end if;

  with recursive lanes as (
    select first_project as project_id
    union all
    select (
      select beyond.project_id from outbox as beyond
      where beyond.tenant = in_tenant and beyond.project_id > lanes.project_id
      order by beyond.project_id limit 1
    ) from lanes where lanes.project_id < last_project
  ), open as (
    select lanes.project_id, least(most, limited.room) as room
    from lanes left join unnest(bounded, rooms) as limited (project_id, room) using (project_id)
    where lanes.project_id <> all(closed)
  ), due as (
    select found.job_id, found.priority,
      row_number() over (
        partition by open.project_id, found.priority order by found.not_before, found.job_id
      ) as turn
    from open cross join lateral (
      select of_rank.job_id, of_rank.priority, of_rank.not_before
      from generate_series(9, 0, -1) as ranks (rank) cross join lateral (
        select job_id, priority, not_before from outbox
        where tenant = in_tenant and project_id = open.project_id and priority = rank
          and not_before <= now() and handed = 0
        order by not_before, job_id limit open.room
      ) as of_rank limit open.room
    ) as found
  ), chosen as (
    select job_id from due order by priority desc, turn, random() limit most
  ), free as (
    select outbox.job_id from outbox
    where outbox.tenant = in_tenant and outbox.handed = 0
      and outbox.job_id = any(array(select job_id from chosen))
    order by outbox.job_id for update of outbox skip locked
  ), marked as (
    update outbox set not_before = now() + make_interval(secs => in_again_s), handed = 1
    where outbox.tenant = in_tenant and outbox.job_id = any(array(select job_id from free))
    returning outbox.job_id, outbox.project_id, outbox.priority, outbox.alone
  )
  select coalesce(array_agg(
    json_build_array(in_tenant, job_id, project_id, priority, alone) order by job_id), '{}')
  into fresh from marked;
  if starts is not null or cardinality(bounded) > 0 then
    perform spend_tokens(in_tenant, fresh);
  end if;
  return again || fresh;
end $$
