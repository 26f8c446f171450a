-- Read what is used of some budgets by now, in one round trip that names its tenant: as
-- [[key, period, used], ...], null when none of them was ever counted. The two arrays name counters
-- place by place.
create function read_counters(in_organization text, keys text[], periods text[]) returns json
language plpgsql as $$
begin
  perform set_config('app.organization_id', in_organization, true);
  return (
    select json_agg(json_build_array(kept.key, kept.period, kept.used))
    from unnest(keys, periods) as wanted (key, period)
    join limit_counters as kept on kept.organization_id = in_organization
      and kept.key = wanted.key and kept.period = wanted.period
  );
end $$
