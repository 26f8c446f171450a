-- Name organizations with records that wait for their numbers and can have them: every transaction
-- that may still write an earlier one is over. What has a position that no transaction had yet came
-- out of a dump of another server. A loose scan: one probe of the key for each tenant, however many
-- rows each has.
create function audit_waiting(after text, most bigint) returns text[]
language sql stable as $$
  with recursive tenants as (
    (select tenant from audit_outbox where tenant > after collate "C" order by tenant limit 1)
    union all
    select (
      select o.tenant from audit_outbox as o where o.tenant > t.tenant order by o.tenant limit 1)
    from tenants as t where t.tenant is not null
  )
  select array_agg(tenant order by tenant) from (
    select tenant from tenants where tenant is not null and exists (
      select from audit_outbox as o where o.tenant = tenants.tenant
        and (o.position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
          or o.position >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
    limit most) as found
$$
