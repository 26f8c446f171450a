"""Let one transaction at a time add to a list of a member's in a project, so that counts hold."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = text(
    "select pg_advisory_xact_lock(hashtextextended(:name || '/' || :project || '/' || :member, 0))"
)


async def lock_list(
    connection: AsyncConnection, name: str, *, project_id: str, member_id: str
) -> None:
    """Wait for whoever adds to the same list, and hold it until the transaction ends.

    Args:
        connection: of the transaction.
        name: the table that the list is kept in.
        project_id: whose list.
        member_id: whose list.
    """
    await connection.execute(_LOCK, {"name": name, "project": project_id, "member": member_id})
