"""Each mutation takes a key, and a page of another site changes nothing by a cookie (A10, A11)."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType

from runtime.domain.token import TokenKind
from runtime.entrypoints.graphql.schema import SCHEMA
from tests.api.app_builder import asked
from tests.graphql_site import GraphqlSite

UNKEYED = {"simulatePlan", "simulateTurn", "exportTurn", "simulateDelivery"}
"""Mutations that change nothing."""
FILES = {"PolicyModule"}
"""Types whose text is that of a file of rules."""
IDENTITY = {"organization", "principal", "actor", "user", "userId", "organizationId", "scopes"}
FILTERS = {("auditRecords", "principal")}
"""Words that narrow down what is read, and say nothing of who reads."""


def arguments(name: str) -> dict[str, set[str]]:
    """Return the arguments of each field of a type."""
    found = SCHEMA.get_type(name)
    assert isinstance(found, GraphQLObjectType)
    return {field: set(item.args) for field, item in found.fields.items()}


def test_every_mutation_takes_a_key() -> None:
    """So that every client can repeat it safely."""
    without = {
        field for field, taken in arguments("Mutation").items() if "idempotencyKey" not in taken
    }

    assert without == UNKEYED


def test_no_field_takes_who_acts_as_an_argument() -> None:
    """Identity is the credential's; an argument names what is asked for (A1)."""
    taken = {
        (field, argument)
        for name in ("Query", "Mutation", "Subscription", "ProjectContents")
        for field, names in arguments(name).items()
        for argument in names & IDENTITY
    }

    assert taken == FILTERS


def test_a_secret_is_told_by_what_makes_one_alone() -> None:
    """No type that is read or listed has a field for its text."""
    telling = {
        name
        for name, found in SCHEMA.type_map.items()
        if isinstance(found, GraphQLObjectType) and {"secret", "text"} & set(found.fields)
    }

    assert telling == {"NewHook", "NewWebhook", *FILES}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_cookie_from_another_site_opens_nothing(site: GraphqlSite, origin: str) -> None:
    """The document is not even read."""
    headers = [
        ("host", "127.0.0.1"),
        ("cookie", f"plangate_session={TokenKind.SESSION.value}x"),
        ("content-type", "application/json"),
        *([("origin", origin)] if origin else []),
    ]

    answered = await asked(
        site.real.app, "POST", "/graphql", headers=headers, body=b'{"query": "{ me { x } }"}'
    )

    assert (answered.status, answered.code) == (403, "origin_refused")
