"""Write down everything that a schema is: what Alembic compares, and the rest that it does not see.

Each query returns sentences of one kind; sorted, they are the same for equal schemas. Alembic's own
table is left out.
"""

from __future__ import annotations

from typing import Final

from tests.database import DatabaseUrls, apart, session

QUERIES: Final = (
    # Tables and views: owner, options, row security.
    """
    select format('%s %I: owner %s, options %s, row security %s, forced %s, persistence %s',
      case relkind when 'r' then 'table' when 'v' then 'view' when 'S' then 'sequence'
        when 'm' then 'materialized view' else relkind::text end,
      relname, relowner::regrole, coalesce(reloptions::text, 'none'),
      relrowsecurity, relforcerowsecurity, relpersistence)
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind not in ('i', 'I', 'c')
      and relname <> 'alembic_version'
    """,
    """
    select format('column %I.%s %I: %s, collation %s, %s, default %s, generated %s, identity %s',
      relname, lpad((row_number() over (partition by attrelid order by attnum))::text, 2, '0'),
      attname, format_type(atttypid, atttypmod),
      coalesce(collname, 'none'), case when attnotnull then 'not null' else 'nullable' end,
      coalesce(pg_get_expr(adbin, adrelid), 'none'),
      coalesce(nullif(attgenerated::text, ''), 'no'), coalesce(nullif(attidentity::text, ''), 'no'))
    from pg_attribute join pg_class on pg_class.oid = attrelid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    left join pg_collation on pg_collation.oid = attcollation
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
      and attnum > 0 and not attisdropped and relname <> 'alembic_version'
    """,
    """
    select format('constraint %s %I: %s, validated %s', conrelid::regclass, conname,
      pg_get_constraintdef(oid), convalidated)
    from pg_constraint
    where connamespace = 'public'::regnamespace and contype <> 'n'
      and conrelid <> coalesce(to_regclass('public.alembic_version'), 0)
    """,
    """
    select format('index %s: %s, valid %s', indexrelid::regclass, pg_get_indexdef(indexrelid),
      indisvalid)
    from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = 'public'::regnamespace and relname <> 'alembic_version'
    """,
    """
    select format('policy %s %I: for %s, permissive %s, roles %s, using %s, check %s',
      polrelid::regclass, polname, polcmd, polpermissive,
      array(select case role when 0 then 'public' else role::regrole::text end
            from unnest(polroles) as named (role)),
      coalesce(pg_get_expr(polqual, polrelid), 'none'),
      coalesce(pg_get_expr(polwithcheck, polrelid), 'none'))
    from pg_policy
    """,
    """
    select format('trigger %s %I: %s, enabled %s', tgrelid::regclass, tgname,
      pg_get_triggerdef(oid), tgenabled)
    from pg_trigger where not tgisinternal
    """,
    """
    select format('function %s: returns %s, %s, kind %s, volatile %s, parallel %s, strict %s, '
      'definer %s, leakproof %s, settings %s, owner %s, body %s',
      pg_proc.oid::regprocedure, pg_get_function_result(pg_proc.oid), lanname, prokind,
      provolatile, proparallel, proisstrict, prosecdef, proleakproof,
      coalesce(proconfig::text, 'none'), proowner::regrole,
      left(encode(sha256(prosrc::bytea), 'hex'), 16))
    from pg_proc join pg_language on pg_language.oid = prolang
    where pronamespace = 'public'::regnamespace
    """,
    # Grants to anybody but the owner.
    """
    select format('grant %s: %s to %s%s', subject, lower((held).privilege_type),
      case (held).grantee when 0 then 'public' else (held).grantee::regrole::text end,
      case when (held).is_grantable then ' with grant option' else '' end)
    from (
      select format('table %I', relname), relowner, aclexplode(relacl) from pg_class
      where relnamespace = 'public'::regnamespace and relname <> 'alembic_version'
      union all
      select format('column %I.%I', relname, attname), relowner, aclexplode(attacl)
      from pg_attribute join pg_class on pg_class.oid = attrelid
      where relnamespace = 'public'::regnamespace
      union all
      select format('function %s', oid::regprocedure), proowner,
        aclexplode(coalesce(proacl, acldefault('f', proowner)))
      from pg_proc where pronamespace = 'public'::regnamespace
      union all
      select format('schema %I', nspname), nspowner, aclexplode(nspacl) from pg_namespace
      where nspname = 'public'
    ) as granted (subject, owner, held)
    where (held).grantee <> owner
    """,
    """
    select format('type %s: %s, labels %s', pg_type.oid::regtype, typtype,
      array(select enumlabel from pg_enum where enumtypid = pg_type.oid order by enumsortorder))
    from pg_type left join pg_class on pg_class.oid = typrelid
    where typnamespace = 'public'::regnamespace and typelem = 0
      and (typrelid = 0 or relkind = 'c')
    """,
    "select format('extension %I', extname) from pg_extension",
    "select format('schema %I', nspname) from pg_namespace where oid >= 16384",
    "select format('event trigger %I', evtname) from pg_event_trigger",
    "select format('publication %I', pubname) from pg_publication",
    "select format('default privilege of %s', defaclrole::regrole) from pg_default_acl",
    "select format('rule %s %I', ev_class::regclass, rulename) from pg_rewrite where oid >= 16384",
    """
    select format('role %I: superuser %s, inherits %s, makes roles %s, makes databases %s, '
      'logs in %s, replicates %s, bypasses row security %s, member of %s', rolname,
      rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
      array(select roleid::regrole from pg_auth_members where member = pg_roles.oid order by 1))
    from pg_roles where rolname = 'plangate_app'
    """,
)


def written_down(urls: DatabaseUrls) -> list[str]:
    """Return the sentences about a database, sorted."""
    return apart(_sentences(urls.superuser_url))


async def _sentences(url: str) -> list[str]:
    async with session(url) as superuser:
        # Every name is written in full that is not in this path.
        await superuser.execute("set search_path = public")
        return sorted([row[0] for query in QUERIES for row in await superuser.fetch(query)])
