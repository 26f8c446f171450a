-- Tell whether other rules are served of an organization than before, in one round trip that names
-- its tenant: servers that wait for new ones have it asked each second.
create function rules_stamp(in_organization text) returns table (
  number bigint, archived bigint, archived_at timestamptz
)
language plpgsql as $$
begin
  perform set_config('app.organization_id', in_organization, true);
  return query
    select
      (
        select coalesce(max(rules.number), 0) from policy_activations as rules
        where rules.organization_id = in_organization
      ),
      count(*), max(projects.archived_at)
    from projects
    where projects.organization_id = in_organization and projects.archived_at is not null;
end $$
