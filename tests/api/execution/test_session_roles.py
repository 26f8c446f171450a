"""A role that rules map from claims is a browser session's as it is a bearer token's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api, an_api, increment
from tests.api.identity.browser import at_issuer
from tests.api.identity.world import Answered, called, dict_or_pairs
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.database import FreshDatabase
from tests.servers.identity_provider import IdentityProvider, identity_provider

HERE: Final = "http://127.0.0.1:4711"
CALLBACK: Final = f"{HERE}/v1/sessions:callback"
EMAIL: Final = "vic@people.example"
RULES: Final = """package tenant.organization

import rego.v1

roles contains "operator" if input.principal.claims.team == "ops"
"""
TESTS: Final = """package tenant.organization_test

import rego.v1

test_who_is_in_operations_operates if {
	"operator" in data.tenant.organization.roles with input as {
		"principal": {"claims": {"team": "ops"}},
	}
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold the app of production, with an issuer that vouches for a viewer of its project."""

    api: Api
    issuer: IdentityProvider
    organization: str

    def claims(self, **more: object) -> JsonObject:
        """Return what the issuer says of the viewer."""
        known = {"email": EMAIL, "email_verified": True, ORGANIZATION_CLAIM: self.organization}
        return {**known, **more}

    async def log_in(self, **more: object) -> str:
        """Log in by a browser, and return its cookie."""
        self.issuer.login_changes = self.claims(**more)
        begun = await self.browse("GET", "/v1/sessions:login", {})
        back = urlsplit(await at_issuer(str(begun.header("location"))))
        cookie = begun.cookies()["plangate_login"].partition(";")[0]
        arrived = await self.browse("GET", f"{back.path}?{back.query}", {"cookie": cookie})
        assert arrived.status == 302, arrived.body
        return arrived.cookies()["plangate_session"].partition(";")[0]

    async def browse(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answered:
        """Send a request as a page of the platform does: a cookie, and no header with a token."""
        sent = {"host": "127.0.0.1:4711", "sec-fetch-site": "same-origin", **headers}
        if body:
            sent["content-type"] = "application/json"
        path, _, query = path.partition("?")
        return await called(
            self.api.app, method, path, headers=dict_or_pairs(sent), body=body, query=query
        )

    async def status_by_cookie(self, cookie: str) -> str:
        """Move the counter by a browser's session, and return how the plan ended."""
        body = b'{"plan":{"steps":[{"action":"counter.increment","inputs":{"by":1}}]}}'
        path = f"/v1/projects/{self.api.project}/plans:execute"
        answered = await self.browse("POST", path, {"cookie": cookie}, body)
        assert answered.status == 200, answered.body
        return str(answered.json["status"])

    async def status_by_bearer(self, **more: object) -> str:
        """Move the counter by a bearer token, and return how the plan ended."""
        token = self.issuer.token(**self.claims(**more))
        body = {"plan": {"steps": [increment()]}}
        answered = await self.api.call("POST", "{p}/plans:execute", body, token=token)
        assert answered.status == 200, answered.body
        return str(answered.json["status"])


@pytest_asyncio.fixture
async def site(database: FreshDatabase, redis_url: str) -> AsyncIterator[Site]:
    """Open the app, invite a viewer, and let rules map a claim to what they may do."""
    with identity_provider() as issuer:
        issuer.redirect_uris = (CALLBACK,)
        trusted = a_trusted_issuer(
            issuer,
            organization_id=None,
            organization_claim=ORGANIZATION_CLAIM,
            redirect_uris=(CALLBACK,),
            claims=["team"],
        )
        async with an_api(database, redis_url, issuers=(trusted,), public_url=HERE) as api:
            me = (await api.call("GET", "/v1/me")).json
            offer = {"email": EMAIL, "project_id": api.project, "role": "viewer"}
            assert (await api.call("POST", "/v1/invitations", offer)).status == 201
            modules = [
                {"path": "roles.rego", "text": RULES},
                {"path": "roles_test.rego", "text": TESTS},
            ]
            organization = me["organization"]["id"]
            pushed = await api.call(
                "POST",
                f"/v1/organizations/{organization}/policies",
                {"modules": modules, "note": "roles", "activate": True},
            )
            assert pushed.status == 201, pushed.body
            yield Site(api=api, issuer=issuer, organization=organization)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param({"team": "ops"}, "done", id="of the team"),
        pytest.param({"team": "law"}, "refused", id="of another team"),
        pytest.param({}, "refused", id="without the claim"),
        pytest.param({"department": "ops"}, "refused", id="by a claim that is not listed"),
    ],
)
async def test_a_claim_maps_to_a_role_whatever_carries_it(
    site: Site, said: JsonObject, status: str
) -> None:
    """A viewer who is in operations operates; without that claim they view."""
    cookie = await site.log_in(**said)

    assert await site.status_by_cookie(cookie) == status
    assert await site.status_by_bearer(**said) == status


async def test_a_new_login_is_judged_by_what_is_said_of_it(site: Site) -> None:
    """The earlier session stays what it was until it ends."""
    before = await site.log_in(team="ops")
    after = await site.log_in(team="law")

    assert await site.status_by_cookie(before) == "done"
    assert await site.status_by_cookie(after) == "refused"
