-- End attempts of a worker at jobs of several organizations, as `finish_jobs` does of one: one commit.
--
-- `in_ends` is an array of objects as `finish_jobs` takes them, each with its organization beside.
-- Returns the ids of those that were still the worker's to end.
create function finish_many(in_worker text, in_ends json) returns text[]
language plpgsql as $$
declare
  given record;
  ended text[] := '{}';
begin
  for given in
    select item ->> 'organization' as organization, json_agg(item) as ends
    from json_array_elements(in_ends) as of (item)
    group by 1 order by 1
  loop
    ended := ended || finish_jobs(given.organization, in_worker, given.ends);
  end loop;
  return ended;
end $$
