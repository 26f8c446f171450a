-- Lets a key be wrapped anew or be destroyed, once, and under no hold; all else is refused.
--
-- Errors: PL006 it is destroyed, or is to be another key, PL008 a hold keeps it: its detail names the
-- hold.
create function guard_audit_keys() returns trigger language plpgsql as $$
declare
  holding text;
begin
  if tg_op = 'DELETE' or old.destroyed_at is not null
    or (new.organization_id, new.id, new.subject, new.period, new.created_at)
      is distinct from (old.organization_id, old.id, old.subject, old.period, old.created_at)
  then
    raise exception 'keys of audit records are wrapped anew or destroyed, and no more'
      using errcode = 'PL006';
  end if;
  if new.destroyed_at is null then
    return new;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('audit_holds/' || new.organization_id, 0));
  select h.name into holding from audit_holds h
    where h.organization_id = new.organization_id and h.released_at is null
      and (h.subject is null or h.subject = new.subject)
    order by h.id limit 1;
  if found then
    raise exception 'a hold keeps the keys' using errcode = 'PL008', detail = holding;
  end if;
  return new;
end
$$
