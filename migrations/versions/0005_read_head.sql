-- Read what a judgement needs of one project, in one round trip that names its tenant; since 0003
-- with the rules that hold in it, since 0005 with the newest limits of its organization.
--
-- No row: no such project in that organization.
create function read_head(in_organization text, in_project text) returns table (
  version bigint, digest text, state text, usage text, settings bigint, outcomes bigint, fence bigint,
  updated_at timestamptz, environment text, limits text, archived boolean,
  organization_rules bigint, project_rules bigint, rules_number bigint,
  shared_number bigint, shared_limits text
)
language plpgsql as $$
begin
  perform set_config('app.organization_id', in_organization, true);
  return query
    select heads.version, heads.digest, heads.state, heads.usage, heads.settings, heads.outcomes,
      heads.fence, heads.updated_at,
      projects.environment, projects.limits,
      projects.archived_at is not null or organizations.archived_at is not null,
      of_organization.version, of_project.version,
      case when of_project.version is null then coalesce(of_organization.number, 0)
        else greatest(of_organization.number, of_project.number) end,
      shared.number, shared.document
    from heads
    join projects on projects.organization_id = heads.organization_id
      and projects.id = heads.project_id
    join organizations on organizations.id = heads.organization_id
    left join lateral (
      select rules.version, rules.number from policy_activations as rules
      where rules.organization_id = heads.organization_id and rules.scope = 'organization'
      order by rules.number desc limit 1
    ) as of_organization on true
    left join lateral (
      select rules.version, rules.number from policy_activations as rules
      where rules.organization_id = heads.organization_id and rules.scope = heads.project_id
      order by rules.number desc limit 1
    ) as of_project on true
    left join lateral (
      select limits.number, limits.document from organization_limits as limits
      where limits.organization_id = heads.organization_id
      order by limits.number desc limit 1
    ) as shared on true
    where heads.organization_id = in_organization and heads.project_id = in_project;
end $$
