-- Put events into the outbox of those who listen, in the transaction that writes the events and in
-- the order in which it does. Who listens to nothing pays one look into an index.
create function announce_events() returns trigger language plpgsql as $$
begin
  insert into event_outbox (tenant, event_id)
  select added.organization_id, added.id from added
  where exists (
    select from webhook_endpoints as endpoint
    where endpoint.organization_id = added.organization_id and endpoint.status = 'enabled'
      and (endpoint.project_id is null or endpoint.project_id = added.project_id)
  );
  return null;
end
$$;
