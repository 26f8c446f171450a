-- Take jobs that are due out of the outbox for a relay, a fair share of each tenant's.
--
-- The relay hands them to the queue before its transaction ends: if it does not end well, nothing
-- was taken. Rows stay until a job is begun; should the queue lose one, it is due again after
-- `in_again_s`, then after twice that, and so on. Tenants take turns from `in_after` on and round
-- again, at most `in_tenants` of them a call; of each the most urgent come first. What another
-- relay has taken is passed over.
--
-- Returns the last tenant that was looked at, whether all were, and the jobs.
create function claim_outbox(
  in_after text, in_most integer, in_each integer, in_tenants integer, in_again_s double precision
) returns table (after text, round boolean, taken json)
language plpgsql as $$
declare
  here text := in_after;
  next_here text;
  turned boolean := false;
  left_over integer := in_most;
  looked_at integer := 0;
  share integer;
  rank bigint;
  found_here json[];
  all_found json[] := '{}';
begin
  round := false;
  loop
    exit when left_over <= 0 or looked_at >= in_tenants;
    select tenant into next_here from outbox
    where tenant > here order by tenant limit 1;
    if next_here is null or (turned and next_here > in_after) then
      if turned or in_after = '' then
        round := true;
        exit;
      end if;
      turned := true;
      here := '';
      continue;
    end if;
    here := next_here;
    looked_at := looked_at + 1;
    share := least(in_each, left_over);
    rank := 10;
    loop
      exit when share <= 0;
      select max(priority) into rank from outbox
      where tenant = here and priority < rank;
      exit when rank is null;
      with due as (
        select job_id from outbox
        where tenant = here and priority = rank and not_before <= now()
        order by not_before, job_id limit share
        for update skip locked
      ), marked as (
        update outbox
        set not_before = now() + make_interval(secs => in_again_s * power(2, least(handed, 5))),
          handed = handed + 1
        from due where outbox.tenant = here and outbox.job_id = due.job_id
        returning outbox.job_id, outbox.project_id, outbox.alone
      )
      select array_agg(json_build_array(here, job_id, project_id, rank, alone) order by job_id)
      into found_here from marked;
      if found_here is not null then
        all_found := all_found || found_here;
        share := share - cardinality(found_here);
        left_over := left_over - cardinality(found_here);
      end if;
    end loop;
  end loop;
  after := here;
  taken := array_to_json(all_found);
  return next;
end $$
