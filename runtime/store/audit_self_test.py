"""Try, as the role of a connection, whether an audit record can be written and read; keep nothing.

Whatever stands in the way (a grant, a policy, a trigger) is found when a version is put in place,
not by the first decision that can't be recorded.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageRefusedError
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.store.one_connection import sqlstate

_SET_TENANT: Final = text("select set_config('app.organization_id', :organization, true)")
_FOUND: Final = text("""
insert into organizations (id, name, created_at) values (:organization, 'self-test', now())
""")
_WRITE: Final = text("""
insert into audit_records
  (organization_id, id, principal_id, kind, document, digest, created_at)
values (:organization, :record, 'platform', 'audit.self_tested', '{}', 'sha256:', now())
""")
_WAITING: Final = text("""
select count(*) from audit_records where organization_id = :organization and id = :record
""")
_NUMBERED: Final = text("select count(*) from audit_leaves where organization_id = :organization")


async def audit_problem(connection: AsyncConnection) -> str:
    """Return why no record can be written and read; nothing, if one can.

    What is tried is an organization of its own, in a transaction that is taken back.
    """
    await connection.rollback()
    try:
        return await _tried(connection)
    except DBAPIError as error:
        return f"a record can't be written or read (SQLSTATE {sqlstate(error)})"
    finally:
        await connection.rollback()


async def refuse_unwritable_log(connection: AsyncConnection) -> None:
    """Refuse to serve where decisions could not be recorded.

    Raises:
        StorageRefusedError: no record can be written, or none read.
    """
    if problem := await audit_problem(connection):
        raise StorageRefusedError(
            reason=f"{problem} under the app's role: `plangate db doctor` says what to mend"
        )


async def _tried(connection: AsyncConnection) -> str:
    named = {
        "organization": new_id("org", now_ms=0, entropy=secrets.token_bytes(ENTROPY_BYTES)),
        "record": new_id("aud", now_ms=0, entropy=secrets.token_bytes(ENTROPY_BYTES)),
    }
    organization = {"organization": named["organization"]}
    for statement, values in ((_SET_TENANT, organization), (_FOUND, organization), (_WRITE, named)):
        await connection.execute(statement, values)
    await connection.execute(_NUMBERED, organization)
    if await connection.scalar(_WAITING, named) != 1:
        return "a record that was written can't be read"
    return ""
