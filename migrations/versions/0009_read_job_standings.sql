-- Read what those for whom jobs are to run are by now, in one round trip that names its tenant.
--
-- `in_pairs` is an array of objects with a project and a member; one row for each of them that there
-- are. `role` is null for a member who has no membership in the project.
create function read_job_standings(in_organization text, in_pairs json) returns table (
  project_id text, member_id text, member_kind text, organization_role text, role text,
  extra_roles text[], mode text, created_at timestamptz, archived boolean
)
language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('app.organization_id', in_organization, true);
  return query
    select projects.id, members.id, members.kind, members.organization_role, memberships.role,
      memberships.extra_roles, memberships.mode, memberships.created_at,
      projects.archived_at is not null or organizations.archived_at is not null
    from json_to_recordset(in_pairs) as given (project_id text, member_id text)
    join organizations on organizations.id = in_organization
    join projects on projects.organization_id = in_organization
      and projects.id = given.project_id and projects.purge_began_at is null
    join members on members.organization_id = in_organization and members.id = given.member_id
      and members.removed_at is null
    left join memberships on memberships.organization_id = in_organization
      and memberships.project_id = projects.id and memberships.member_id = members.id;
end $$
