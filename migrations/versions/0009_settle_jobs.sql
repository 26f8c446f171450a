-- Bring the outbox in line with what jobs have become, in the transaction that changed them.
--
-- Those that wait and may go are in it, the others are not; where one of a serial key ended, the next
-- may go.
create function settle_jobs(in_organization text, in_ids text[]) returns void
language plpgsql as $$
declare
  keys text[];
begin
  insert into outbox (tenant, job_id, project_id, priority, not_before, alone, handed)
  select organization_id, id, project_id, priority, not_before, crashes > 0, 0
  from jobs
  where organization_id = in_organization and id = any(in_ids) and status = 'waiting' and offered
  order by id
  on conflict (tenant, job_id) do update
  set not_before = excluded.not_before, alone = excluded.alone, handed = 0;

  delete from outbox
  where tenant = in_organization and job_id = any(in_ids) and not exists (
    select from jobs where jobs.organization_id = outbox.tenant
      and jobs.id = outbox.job_id and jobs.status = 'waiting' and jobs.offered
  );

  select array_agg(distinct serial_key) into keys from jobs
  where organization_id = in_organization and id = any(in_ids) and serial_key is not null
    and (status not in ('waiting', 'running') or not offered);
  if keys is not null then
    perform advance_serial(in_organization, keys);
  end if;
end $$
