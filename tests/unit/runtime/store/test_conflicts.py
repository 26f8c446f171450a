"""A refused statement names the rule of the schema that it broke."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from runtime.store.conflicts import broken_constraint
from runtime.store.organizations import add_organization
from runtime.store.session import Database
from tests.unit.runtime.store.rows import ORGANIZATION, an_organization


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        pytest.param(
            "insert into organizations values (:id, 'n', now(), null)",
            "organizations_pkey",
            id="a key",
        ),
        pytest.param(
            "insert into members values"
            " (:id, 'm', 'robot', 'n', null, null, null, 'owner', now(), null)",
            "members_kind_check",
            id="a check",
        ),
        pytest.param(
            "insert into memberships values (:id, 'p', 'm', 'viewer', '{}', 'assisted', now())",
            "memberships_organization_id_project_id_fkey",
            id="a reference",
        ),
    ],
)
async def test_the_broken_rule_is_named(database: Database, statement: str, name: str) -> None:
    """As the schema names it."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())

    with pytest.raises(IntegrityError) as refused:
        async with database.transaction(ORGANIZATION) as connection:
            await connection.execute(text(statement), {"id": ORGANIZATION})

    assert broken_constraint(refused.value) == name


async def test_a_missing_value_breaks_no_named_rule(database: Database) -> None:
    """The server names none."""
    with pytest.raises(IntegrityError) as refused:
        async with database.transaction(ORGANIZATION) as connection:
            await connection.execute(
                text("insert into organizations (id) values (:id)"), {"id": ORGANIZATION}
            )

    assert broken_constraint(refused.value) is None
