-- Take a token for each job that was just taken, of its tenant's rate and of its project's.
create function spend_tokens(in_tenant text, in_taken json[]) returns void
language sql as $$
  with spent as (
    select null as project_id, count(*) as jobs from unnest(in_taken)
    union all
    select taken ->> 2, count(*) from unnest(in_taken) as of (taken) group by 1
  )
  update job_queues set
    tokens = tokens_left(tokens, filled_at, per_minute) - spent.jobs,
    filled_at = greatest(filled_at, now())
  from spent
  where job_queues.organization_id = in_tenant and per_minute is not null and spent.jobs > 0
    and job_queues.project_id is not distinct from spent.project_id
$$
