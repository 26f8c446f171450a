-- Destroys keys of audit records in the transaction's organization, and says how many.
--
-- With a subject: all of that subject's, or none where a hold keeps any or a record of the subject
-- waits for its place in the log: it would be sealed under a new key afterwards. Without one: of
-- everybody, those of periods before `ended_before`, at most `most`, and none that a hold keeps.
create function destroy_audit_keys(
  organization text, of_subject text, ended_before text, why text, instant timestamptz, most bigint
) returns table (destroyed bigint, hold_name text, waiting boolean) language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('audit_holds/' || organization, 0));
  destroyed := 0;
  waiting := false;
  if of_subject is not null then
    select h.name into hold_name from audit_holds h
      where h.organization_id = organization and h.released_at is null
        and (h.subject is null or h.subject = of_subject)
      order by h.id limit 1;
    waiting := exists (select from audit_records r
      where r.organization_id = organization and r.principal_id = of_subject);
    if hold_name is not null or waiting then
      return next;
      return;
    end if;
  end if;
  with chosen as (
    select k.id from audit_payload_keys k
      where k.organization_id = organization and k.destroyed_at is null
        and (of_subject is null or k.subject = of_subject)
        and (ended_before is null or k.period < ended_before)
        and not exists (select from audit_holds h
          where h.organization_id = organization and h.released_at is null
            and (h.subject is null or h.subject = k.subject))
      order by k.subject, k.period limit case when of_subject is null then most end for update
  )
  update audit_payload_keys k
    set wrapped = null, destroyed_at = instant, destroyed_why = why
    from chosen where k.organization_id = organization and k.id = chosen.id;
  get diagnostics destroyed = row_count;
  return next;
end
$$
