-- Lets a hold be placed while no key is being destroyed, and be released once; all else is refused.
--
-- Who places a hold waits for a destruction that began, and the next one waits for the hold: what is
-- held when a hold is acknowledged stays.
--
-- Errors: PL006 it is to be deleted, is released already, or is to be another hold.
create function guard_audit_holds() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform pg_advisory_xact_lock(hashtextextended('audit_holds/' || new.organization_id, 0));
    return new;
  end if;
  if tg_op = 'DELETE' or old.released_at is not null
    or (new.organization_id, new.id, new.name, new.reason, new.subject, new.held_by, new.created_at)
      is distinct from (old.organization_id, old.id, old.name, old.reason, old.subject,
        old.held_by, old.created_at)
  then
    raise exception 'holds are released, and no more' using errcode = 'PL006';
  end if;
  return new;
end
$$
