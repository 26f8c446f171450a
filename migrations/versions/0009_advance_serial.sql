-- Let the next job of each serial key go, unless one of that key goes already.
--
-- Whoever puts or ends a job with a serial key calls this in the same transaction. The advisory lock
-- makes them take turns, and each statement below sees what was committed while it waited: so none
-- is let go beside another, and none is forgotten. Keys are locked in order.
create function advance_serial(in_organization text, in_keys text[]) returns void
language plpgsql as $$
declare
  wanted text;
  let_go text;
begin
  for wanted in select distinct key from unnest(in_keys) as of (key) order by key loop
    perform pg_advisory_xact_lock(hashtextextended(in_organization || ' ' || wanted, 9));
    if exists (
      select from jobs where organization_id = in_organization and serial_key = wanted
        and status in ('waiting', 'running') and offered
    ) then
      continue;
    end if;
    update jobs set offered = true
    where organization_id = in_organization and id = (
      select first.id from jobs as first
      where first.organization_id = in_organization and first.serial_key = wanted
        and first.status = 'waiting' and not first.offered
      order by first.created_at, first.id limit 1
    )
    returning id into let_go;
    if let_go is not null then
      insert into outbox (tenant, job_id, project_id, priority, not_before, alone, handed)
      select organization_id, id, project_id, priority, not_before, crashes > 0, 0
      from jobs where organization_id = in_organization and id = let_go
      on conflict (tenant, job_id) do nothing;
    end if;
    let_go := null;
  end loop;
end $$
