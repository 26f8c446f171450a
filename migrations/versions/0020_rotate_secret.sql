-- Tell all processes of one rotation; a key that was used before tells nothing again.
--
-- Numbers become visible in their order, which readers go by: so one rotation is told at a time.
create function rotate_secret(
  in_reference text, in_key text, in_digest text,
  out told bigint, out digest text, out replayed boolean
)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('secret_rotations', 0));
  if in_key is not null then
    select sequence, body_digest, true into told, digest, replayed
      from secret_rotations where request_key = in_key;
    if found then
      return;
    end if;
  end if;
  insert into secret_rotations (reference, request_key, body_digest)
    values (in_reference, in_key, in_digest)
    returning sequence into told;
  digest := in_digest;
  replayed := false;
end
$$
