"""Who acts, for whom and as what comes from the credential, whatever else is sent (A1)."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.identity.browser import Browser
from tests.api.identity.issuers import Trusting
from tests.api.identity.world import OPERATOR, World

CLAIMS = (
    "organization",
    "organization_id",
    "user_id",
    "member_id",
    "principal",
    "role",
    "roles",
    "organization_role",
    "created_by",
    "confirmed",
    "kind",
)


@pytest.mark.parametrize("name", CLAIMS)
async def test_a_body_that_names_who_acts_is_refused(world: World, name: str) -> None:
    """It is told where, and nothing is made."""
    founded, other = await world.found(), await world.found()
    document = {"name": "x", "scopes": ["state:read"], name: other.id}

    refused = await world.call("POST", "/v1/tokens", document, token=founded.token)

    assert (refused.status, refused.code) == (422, "request_invalid")
    assert refused.json["errors"] == [
        {"pointer": f"/{name}", "detail": "Extra inputs are not permitted"}
    ]


@pytest.mark.parametrize("name", CLAIMS)
async def test_a_query_or_header_that_names_who_acts_changes_nothing(
    world: World, name: str
) -> None:
    """The answer is the one without it."""
    founded, other = await world.found(), await world.found()
    plain = await world.call("GET", "/v1/me", token=founded.token)

    claimed = await world.call(
        "GET",
        "/v1/me",
        token=founded.token,
        query=f"{name}={other.id}&{name}=owner",
        headers={
            name: other.id,
            f"X-{name}": other.id,
            f"X-Plangate-{name.replace('_', '-')}": other.owner,
            "X-Forwarded-User": other.owner,
            "X-Remote-User": other.owner,
        },
    )

    assert claimed.body == plain.body


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"organization_id": "{other}"}, id="another organization"),
        pytest.param({"plangate_organization": "{other}"}, id="another organization, in our name"),
        pytest.param({"roles": ["owner"], "role": "owner"}, id="roles"),
        pytest.param({"scope": "organization:manage"}, id="scopes"),
        pytest.param({"member_id": "{owner}", "user_id": "{owner}"}, id="a member"),
        pytest.param({"email": "olga2@example.com", "email_verified": True}, id="an address"),
    ],
)
async def test_a_foreign_token_says_who_and_no_more(trusted: Trusting, claims: JsonObject) -> None:
    """Its issuer vouches for a subject; what that may do stands in our tables."""
    other = await trusted.world.found()
    await Browser(world=trusted.world).log_in()
    plain = await trusted.world.call("GET", "/v1/me", token=trusted.issuer.token())
    said = {
        name: value.format(other=other.id, owner=other.owner) if isinstance(value, str) else value
        for name, value in claims.items()
    }

    claimed = await trusted.world.call("GET", "/v1/me", token=trusted.issuer.token(**said))

    assert (claimed.status, claimed.body) == (200, plain.body)


async def test_the_operators_credential_makes_organizations_and_nothing_else(
    world: World,
) -> None:
    """It opens no organization, not even one that it made."""
    founded = await world.found()

    answers = [
        await world.call(method, path, document, token=OPERATOR)
        for method, path, document in (
            ("GET", "/v1/me", None),
            ("GET", f"/v1/organizations/{founded.id}", None),
            ("GET", "/v1/organizations", None),
            ("POST", f"/v1/organizations/{founded.id}:archive", None),
            ("GET", "/v1/tokens", None),
            ("POST", "/v1/tokens", {"name": "x", "scopes": ["state:read"]}),
            ("GET", "/v1/projects", None),
            ("GET", "/v1/members", None),
        )
    ]

    assert {answer.status for answer in answers} <= {401, 404, 405}
    assert [answer.status for answer in answers].count(401) >= 6


@pytest.mark.parametrize("path", ["/v1/organizations/", "//v1/organizations", "/V1/organizations"])
async def test_no_other_spelling_of_the_path_takes_the_operators_credential(
    world: World, path: str
) -> None:
    """The exception holds for one route."""
    document = {"name": "o", "owner": {"display_name": "O", "email": "o@example.com"}}

    refused = await world.call("POST", path, document, token=OPERATOR)

    assert refused.status in {307, 401, 404}


async def test_no_other_credential_makes_organizations(world: World) -> None:
    """Not even an owner's with every scope."""
    founded = await world.found()
    document = {"name": "o", "owner": {"display_name": "O", "email": "o@example.com"}}

    refused = await world.call("POST", "/v1/organizations", document, token=founded.token)

    assert (refused.status, refused.code) == (403, "not_allowed")
