-- Read what a member is in a project, in one round trip that names its tenant.
--
-- No row: no project in that organization whose history is whole. `role` is null for a member who
-- has no membership in it.
create function read_standing(in_organization text, in_project text, in_member text) returns table (
  role text, extra_roles text[], mode text, created_at timestamptz
)
language plpgsql as $$
begin
  perform set_config('app.organization_id', in_organization, true);
  return query
    select memberships.role, memberships.extra_roles, memberships.mode, memberships.created_at
    from projects
    left join memberships on memberships.organization_id = projects.organization_id
      and memberships.project_id = projects.id and memberships.member_id = in_member
    where projects.organization_id = in_organization and projects.id = in_project
      and projects.purge_began_at is null;
end $$
