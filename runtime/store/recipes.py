"""Write what every revision repeats in one way: bounded locks, row security, grants, history.

A tenant's table is made by `secure`: row security on and forced, one policy for every verb with
`USING` and `WITH CHECK`, and grants to the app's role alone. That role serves requests; it owns
nothing and can't create anything. Only revisions call these, while Alembic runs them: they stand
here rather than beside the revisions because these are files in a folder, not a package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from alembic import op

APP_ROLE: Final = "plangate_app"
LOCK_TIMEOUT: Final = "1s"
STATEMENT_TIMEOUT: Final = "5s"
WAYS: Final = ("select", "insert", "update", "delete")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$@.-]{0,62}")


def quoted_name(name: str) -> str:
    """Return a role's name as SQL spells it.

    Raises:
        ValueError: it holds what the name of a role has no need of.

    >>> quoted_name("plangate_app")
    '"plangate_app"'
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"role is {name[:80]!r}, expected a letter or '_', then letters, digits or '_$@.-'"
        )
    return f'"{name}"'


def bounded() -> None:
    """Give up on a lock or a statement that takes long, instead of holding up every request."""
    op.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'")


def secure(table: str, *, grants: Iterable[str], tenant: str = "organization_id") -> None:
    """Let the app's role see and change only rows of the organization that the transaction names.

    Args:
        table: its name, ours.
        grants: what the app's role may do; a verb that is missing is refused whatever the row.
        tenant: the column that holds the organization.

    Raises:
        ValueError: a grant is none of select, insert, update and delete.
    """
    granted = tuple(grants)
    if strange := set(granted) - set(WAYS):
        raise ValueError(f"grants {sorted(strange)}, expected some of {WAYS}")
    rule = f"{tenant} = (select current_organization())"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {table}_tenant on {table} using ({rule}) with check ({rule})")
    op.execute(f"grant {', '.join(granted)} on {table} to {app_role()}")


def append_only(table: str, *, judge: str = "refuse_change") -> None:
    """Refuse updates and deletions of a table's rows, whoever asks; grants refuse them too.

    Args:
        table: its name, ours.
        judge: the trigger function that refuses; it may let the purge of a whole project pass.
    """
    op.execute(
        f"create trigger {table}_append_only before update or delete on {table} "
        f"for each row execute function {judge}()"
    )
    op.execute(
        f"create trigger {table}_no_truncate before truncate on {table} "
        f"for each statement execute function {judge}()"
    )


def offer(function: str) -> None:
    """Let the app's role, and nobody else, call a function; Postgres lets everybody at first."""
    op.execute(f"revoke execute on function {function} from public")
    op.execute(f"grant execute on function {function} to {app_role()}")


def withhold(function: str) -> None:
    """Let nobody call a function; triggers need no right to do it."""
    op.execute(f"revoke execute on function {function} from public")


def app_role() -> str:
    """Return the quoted name of the role that serves requests, as it was given to this run."""
    config = op.get_context().config
    given = None if config is None else config.attributes.get("app_role")
    return quoted_name(given or APP_ROLE)
