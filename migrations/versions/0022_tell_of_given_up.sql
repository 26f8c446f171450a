-- Tell of a job that was given up, in the transaction that gives it up and whatever did: an attempt's
-- end, a worker's death or a rescue. The document is canonical JSON; of the ids, the first ten letters
-- are the time and the others a share of a hash, whose letters are among those of ids.
--
-- Since 0022 that is a record of the audit as well, of whom the job was for.
create or replace function tell_of_given_up() returns trigger language plpgsql as $$
declare
  at_ms bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  letters text := '';
  kind text := case when new.status = 'dead' then 'job.dead_lettered' else 'job.quarantined' end;
  document text := '{"attempts":' || new.attempt
    || ',"cause":' || coalesce(
      case when new.status = 'dead' then to_json(new.cause) else '"crashed"' end, 'null')::text
    || ',"job":' || to_json(new.id)
    || ',"kind":' || to_json(new.kind)
    || ',"name":' || to_json(new.name)
    || ',"outcome":' || coalesce(to_json(new.outcome_id), 'null')::text
    || ',"principal":' || to_json(new.principal_id)
    || ',"reason":' || coalesce(to_json(new.reason), 'null')::text || '}';
begin
  for place in 1..10 loop
    letters := substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (at_ms & 31)::integer + 1, 1) || letters;
    at_ms := at_ms >> 5;
  end loop;
  letters := letters || upper(left(md5(new.id || ' ' || new.attempt || ' ' || letters), 16));
  insert into events (organization_id, id, project_id, type, document, created_at)
  values (new.organization_id, 'evt_' || letters, new.project_id, kind, document, now());
  insert into audit_records
    (organization_id, id, project_id, principal_id, kind, document, digest, created_at)
  values (new.organization_id, 'aud_' || letters, new.project_id, new.principal_id, kind, document,
    'sha256:' || encode(sha256(convert_to(document, 'UTF8')), 'hex'), now());
  return null;
end
$$;
