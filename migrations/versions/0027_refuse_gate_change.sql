-- Lets verdicts go that hold nothing any more, and refuses every other change of one.
--
-- A verdict holds for 90 days at the most, and only as long as no later one is there of the same
-- model, prompt and registry. So nothing that takes a pass back is ever deleted before the pass.
--
-- Errors: PL006 the verdict may hold yet, or is to be changed.
create function refuse_gate_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and (
    old.judged_at < now() - interval '90 days'
    or exists (
      select from gates
      where organization_id = old.organization_id and identity = old.identity
        and registry_digest = old.registry_digest and prompt = old.prompt
        and judged_at > old.judged_at
    )
  ) then
    return old;
  end if;
  raise exception 'rows of gates are only ever added, and go once they hold nothing any more'
    using errcode = 'PL006';
end
$$
