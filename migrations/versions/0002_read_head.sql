-- Read what a judgement needs of one project, in one round trip that names its tenant.
--
-- No row: no such project in that organization.
create function read_head(in_organization text, in_project text) returns table (
  version bigint, digest text, state text, usage text, settings bigint, outcomes bigint, fence bigint,
  updated_at timestamptz, environment text, limits text, archived boolean
)
language plpgsql as $$
begin
  perform set_config('app.organization_id', in_organization, true);
  return query
    select heads.version, heads.digest, heads.state, heads.usage, heads.settings, heads.outcomes,
      heads.fence, heads.updated_at,
      projects.environment, projects.limits,
      projects.archived_at is not null or organizations.archived_at is not null
    from heads
    join projects on projects.organization_id = heads.organization_id
      and projects.id = heads.project_id
    join organizations on organizations.id = heads.organization_id
    where heads.organization_id = in_organization and heads.project_id = in_project;
end $$
