"""List what must not be found in a database's catalogue, each with the statement that mends it.

A symptom is a query that returns nothing from a healthy database. Every role may ask it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import TextClause, text


class Check(StrEnum):
    """Name what a finding is about; stable across releases."""

    SCHEMA = "schema"
    ROLE = "role"
    ROW_SECURITY = "row_security"
    TENANT = "tenant"
    POLICY = "policy"
    CONTEXT = "context"
    GRANT = "grant"
    PUBLIC = "public"
    DDL = "ddl"
    VIEW = "view"
    DEFINER = "definer"
    APPEND_ONLY = "append_only"
    KEY = "key"
    SETTING = "setting"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """Ask for objects that are not as they must be.

    Attributes:
        check: what it is about.
        query: returns `subject`, the object, and `fact`, what fills the two sentences.
        problem: what is wrong, with `{subject}` and `{fact}` in it.
        mend: the statement that puts it right, with the same.
    """

    check: Check
    query: TextClause
    problem: str
    mend: str


_ROW_SECURITY_OFF: Final = text("""
select relname as subject, '' as fact from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  and relname <> all (cast(:tenantless as text[])) and not relrowsecurity
order by 1 limit 1000
""")
_ROW_SECURITY_NOT_FORCED: Final = text("""
select relname as subject, '' as fact from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  and relname <> all (cast(:tenantless as text[])) and not relforcerowsecurity
order by 1 limit 1000
""")
_WITHOUT_TENANT: Final = text("""
select relname as subject, cast(:tenant as text) as fact from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  and relname <> all (cast(:tenantless as text[])) and relname <> cast(:tenants as text)
  and not exists (
    select from pg_attribute
    where attrelid = pg_class.oid and attname = cast(:tenant as text)
      and attnotnull and not attisdropped
  )
order by 1 limit 1000
""")
_NOT_ONE_POLICY: Final = text("""
select relname as subject, count(pg_policy.oid)::text as fact
from pg_class left join pg_policy on polrelid = pg_class.oid and polpermissive
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  and relname <> all (cast(:tenantless as text[]))
group by relname having count(pg_policy.oid) <> 1
order by 1 limit 1000
""")
_LOOSE_POLICY: Final = text("""
select relname as subject, polname as fact
from pg_class join pg_policy on polrelid = pg_class.oid and polpermissive
cross join lateral (
  select format('(%I = ( SELECT current_organization() AS current_organization))',
    case when relname = cast(:tenants as text) then 'id' else cast(:tenant as text) end) as rule
) as expected
where relnamespace = 'public'::regnamespace
  and (polcmd <> '*' or polroles <> array[0::oid]
    or pg_get_expr(polqual, polrelid) is distinct from expected.rule
    or pg_get_expr(polwithcheck, polrelid) is distinct from expected.rule)
order by 1, 2 limit 1000
""")
_GRANTED_TO_ALL: Final = text("""
select format('%s %I', kind, name) as subject,
  string_agg(distinct lower(privilege_type), ', ') as fact
from (
  select 'table' as kind, relname as name, aclexplode(relacl) as held from pg_class
  where relnamespace = 'public'::regnamespace and relkind <> 'S'
  union all
  select 'sequence', relname, aclexplode(relacl) from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'S'
  union all
  select 'table', relname, aclexplode(attacl)
  from pg_attribute join pg_class on pg_class.oid = attrelid
  where relnamespace = 'public'::regnamespace and attacl is not null
  union all
  select 'function', proname, aclexplode(coalesce(proacl, acldefault('f', proowner))) from pg_proc
  where pronamespace = 'public'::regnamespace
) as granted (kind, name, held), lateral (select (held).grantee, (held).privilege_type) as given
where given.grantee = 0
group by 1
order by 1 limit 1000
""")
_MAY_CREATE: Final = text("""
select subject, fact from (
  select format('schema %I', nspname) as subject, 'create' as fact from pg_namespace
  where has_schema_privilege(oid, 'create') and nspname not like 'pg\\_temp\\_%'
  union all
  select format('database %I', current_database()), privilege
  from unnest(array['create', 'temporary']) as asked (privilege)
  where has_database_privilege(current_database(), privilege)
) as found
order by 1, 2 limit 1000
""")
_OWNERS_VIEW: Final = text("""
select relname as subject, '' as fact from pg_class
where relnamespace = 'public'::regnamespace and (relkind = 'm' or relkind = 'v' and not exists (
  select from pg_options_to_table(reloptions)
  where option_name = 'security_invoker' and option_value::boolean
))
order by 1 limit 1000
""")
_DEFINER: Final = text("""
select pg_proc.oid::regprocedure::text as subject, '' as fact
from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
where prosecdef and nspname not in ('pg_catalog', 'information_schema')
  and proname <> all (cast(:definers as text[]))
order by 1 limit 1000
""")
_CHANGEABLE: Final = text("""
select wanted.name as subject, wanted.ending as fact
from (select name, ending from unnest(cast(:append_only as text[])) as listed (name)
  cross join (values ('append_only'), ('no_truncate')) as needed (ending)) as wanted
where not exists (
  select from pg_trigger
  where tgrelid = to_regclass(format('public.%I', wanted.name))
    and tgname = format('%s_%s', wanted.name, wanted.ending)
    and tgenabled in ('O', 'A')
    and tgfoid in (to_regproc('public.refuse_change'), to_regproc('public.refuse_rewriting'),
      to_regproc('public.refuse_policy_change'), to_regproc('public.refuse_gate_change'))
)
order by 1, 2 limit 1000
""")
_UNIQUE_WITHOUT_TENANT: Final = text("""
select kept.relname as subject, key.relname as fact
from pg_index join pg_class kept on kept.oid = indrelid join pg_class key on key.oid = indexrelid
where kept.relnamespace = 'public'::regnamespace
  and kept.relname <> all (cast(:tenantless as text[])) and indisunique and not exists (
    select from unnest(indkey) with ordinality as part (number, place)
    join pg_attribute on attrelid = kept.oid and attnum = part.number
    where part.place <= indnkeyatts
      and attname = case when kept.relname = cast(:tenants as text) then 'id'
        else cast(:tenant as text) end
  )
order by 1, 2 limit 1000
""")
_REFERENCE_WITHOUT_TENANT: Final = text("""
select kept.relname as subject, conname as fact
from pg_constraint
join pg_class kept on kept.oid = conrelid join pg_class other on other.oid = confrelid
where contype = 'f' and kept.relnamespace = 'public'::regnamespace
  and kept.relname <> all (cast(:tenantless as text[])) and not exists (
    select from unnest(conkey, confkey) as pair (own, other)
    join pg_attribute mine on mine.attrelid = conrelid and mine.attnum = pair.own
    join pg_attribute theirs on theirs.attrelid = confrelid and theirs.attnum = pair.other
    where mine.attname = cast(:tenant as text)
      and theirs.attname = case when other.relname = cast(:tenants as text) then 'id'
        else cast(:tenant as text) end
  )
order by 1, 2 limit 1000
""")
# A role may change what its own next sessions begin with, and nobody can take that right away.
_SETTINGS_KEPT: Final = text("""
select case when setrole = 0 then format('database %I', current_database())
    else format('role %I', setrole::regrole::text) end as subject,
  split_part(setting, '=', 1) as fact
from pg_db_role_setting cross join unnest(setconfig) as kept (setting)
where setdatabase in (0, (select oid from pg_database where datname = current_database()))
  and setrole in (0, (select oid from pg_roles where rolname = current_user))
  and split_part(setting, '=', 1) in
    ('app.organization_id', 'role', 'row_security', 'search_path', 'session_authorization')
order by 1, 2 limit 1000
""")

SYMPTOMS: Final = (
    Symptom(
        check=Check.ROW_SECURITY,
        query=_ROW_SECURITY_OFF,
        problem="row security is off: every tenant sees every row",
        mend="alter table {subject} enable row level security",
    ),
    Symptom(
        check=Check.ROW_SECURITY,
        query=_ROW_SECURITY_NOT_FORCED,
        problem="row security does not hold the table's owner",
        mend="alter table {subject} force row level security",
    ),
    Symptom(
        check=Check.TENANT,
        query=_WITHOUT_TENANT,
        problem="no row must be without a tenant, but there is no `{fact} ... not null`",
        mend="add the column, or list the table with a reason in runtime/store/rights.py",
    ),
    Symptom(
        check=Check.POLICY,
        query=_NOT_ONE_POLICY,
        problem="it has {fact} permissive policies, expected one that no other can loosen",
        mend="drop the others, or make it anew as runtime/store/recipes.py does",
    ),
    Symptom(
        check=Check.POLICY,
        query=_LOOSE_POLICY,
        problem="policy '{fact}' is not the one of this release, for all verbs and all roles",
        mend="drop policy {fact} on {subject}; make it anew as runtime/store/recipes.py does",
    ),
    Symptom(
        check=Check.PUBLIC,
        query=_GRANTED_TO_ALL,
        problem="every role of the server has {fact}",
        mend="revoke all on {subject} from public",
    ),
    Symptom(
        check=Check.DDL,
        query=_MAY_CREATE,
        problem="the app's role has {fact}: what it makes could stand in for what is ours",
        mend="revoke {fact} on {subject} from public, and from the app's role",
    ),
    Symptom(
        check=Check.SETTING,
        query=_SETTINGS_KEPT,
        problem="sessions begin with a '{fact}' that somebody chose for them",
        mend="alter {subject} reset {fact}",
    ),
    Symptom(
        check=Check.VIEW,
        query=_OWNERS_VIEW,
        problem="the view reads with its owner's rights, not its caller's",
        mend="alter view {subject} set (security_invoker = true); a materialized one: drop it",
    ),
    Symptom(
        check=Check.DEFINER,
        query=_DEFINER,
        problem="the function runs with its owner's rights, and is not on the list of those",
        mend="alter function {subject} security invoker",
    ),
    Symptom(
        check=Check.APPEND_ONLY,
        query=_CHANGEABLE,
        problem="trigger '{subject}_{fact}' is missing, off or another: history could be rewritten",
        mend="make it anew as runtime/store/recipes.py does",
    ),
    Symptom(
        check=Check.KEY,
        query=_UNIQUE_WITHOUT_TENANT,
        problem="unique key '{fact}' tells one tenant what another has",
        mend="drop index {fact}, and make one that holds the tenant",
    ),
    Symptom(
        check=Check.KEY,
        query=_REFERENCE_WITHOUT_TENANT,
        problem="foreign key '{fact}' reaches into other tenants",
        mend="alter table {subject} drop constraint {fact}, and make one that holds the tenant",
    ),
)
