"""GraphQL decides as REST does: every operation, for every kind of caller, about every object."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

import pytest
from graphql import GraphQLObjectType

from runtime.entrypoints.graphql.schema import SCHEMA
from tests.abuse.graphql.operations import Operation, Things
from tests.abuse.graphql.pairs import operations
from tests.abuse.graphql.twins import PRINCIPALS, a_world
from tests.api.app_builder import Answered
from tests.graphql_site import GraphqlSite, opened

WITHOUT_A_RIGHT: Final = {
    False: {"nobody"},
    True: {"nobody", "no role", "projects alone", "outcomes and states"},
}
"""Principals who may read nothing, and who may change nothing."""
NEVER_DONE: Final = {
    "Mutation.withdrawApproval": "an owner takes back no request of somebody else's",
    "Mutation.denyApproval": "it was granted by then",
    "Mutation.rejectTurn": "it was executed by then",
}
"""Operations that an owner sees refused alone here; each is done in tests/api/graphql."""
LEADS_ON: Final = {"Query.project": "ProjectContents"}
"""Fields that only lead to others, each with the type that has those."""
DONE: Final = "done"
NOBODY_KNOWN: Final = "nobody"
"""Whose address may try a few hundred credentials that open nothing, and no more."""


def fields(name: str) -> set[str]:
    """Return the operations that a type of the schema offers."""
    found = SCHEMA.get_type(name)
    assert isinstance(found, GraphQLObjectType)
    own = {f"{name}.{field}" for field in found.fields}
    return (own - set(LEADS_ON)).union(*(fields(LEADS_ON[field]) for field in own & set(LEADS_ON)))


def test_every_operation_of_the_schema_is_compared() -> None:
    """A new one needs its pair in tests/abuse/graphql/read_pairs.py or change_pairs.py."""
    offered = fields("Query") | fields("Mutation") | fields("Subscription")

    assert {operation.field for operation in operations()} == offered


def of_rest(answered: Answered) -> tuple[str, int]:
    """Return what REST decided: a code with its status."""
    return (DONE, 200) if answered.status < 300 else (answered.code, answered.status)


def of_graphql(answered: Answered) -> tuple[str, int]:
    """Return what GraphQL decided."""
    if answered.status == 200 and b'"errors"' not in answered.body[:9_000]:
        return DONE, 200
    document = answered.json
    if "errors" not in document or "code" in document:
        return of_rest(answered)
    (error,) = document["errors"]
    return error["extensions"]["code"], error["extensions"]["status"]


async def decided(
    site: GraphqlSite,
    operation: Operation,
    things: Things,
    *,
    token: str,
    client: tuple[str, int],
) -> tuple[str, int]:
    """Return what GraphQL decides about some things."""
    if operation.field.startswith("Subscription."):
        stream = await opened(
            site.real.app,
            operation.query,
            operation.variables(things),
            token=token,
            client=client,
        )
        return of_graphql(stream)
    told = await site.ask(operation.query, operation.variables(things), token=token, client=client)
    return of_graphql(told.answered)


@pytest.mark.parametrize("mutates", [False, True], ids=["read", "changed"])
@pytest.mark.parametrize("principal", PRINCIPALS)
async def test_every_decision_is_the_same(
    site: GraphqlSite, principal: str, *, mutates: bool
) -> None:
    """Code and status, with the same things for each side and in the same order."""
    world = await a_world(site, principal, mutates=mutates)
    sides = world.rest.objects(), world.graphql.objects()
    names = list(sides[0])[: 1 if principal == NOBODY_KNOWN else None]
    unlike, kinds, done = [], Counter[str](), set[str]()
    asked_for = [item for item in operations() if item.mutates is mutates]
    for place, operation in enumerate(asked_for):
        client = (f"198.51.100.{place}", 1)  # who is not known is slowed down by address
        for name in names:
            mine, other = (replace(side[name], own=world.own) for side in sides)
            headers = {"accept": "application/json"}
            method, path, document = operation.request(mine)
            asked = await site.real.call(
                method, path, document, token=world.token, headers=headers, client=client
            )
            expected = of_rest(asked)
            found = await decided(site, operation, other, token=world.token, client=client)
            kinds[expected[0]] += 1
            done |= {operation.field} if expected[0] == DONE else set()
            if found != expected:
                unlike.append((operation.field, name, expected, found))

    assert unlike == []
    assert sum(kinds.values()) == len(asked_for) * len(names)
    assert kinds[DONE] > 0 or principal in WITHOUT_A_RIGHT[mutates]
    assert principal != "owner" or {item.field for item in asked_for} - done <= set(NEVER_DONE)
