"""Somebody who is invited comes by their identity provider, and executes under their own name."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from runtime.domain.principal import Principal
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from tests.api.app_builder import Answered
from tests.api.execution.conftest import Api, an_api, increment
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.database import FreshDatabase
from tests.servers.identity_provider import IdentityProvider, identity_provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Hold an invitation to operate the project, and the claims of who it is for."""

    api: Api
    issuer: IdentityProvider
    invitation: str
    claims: JsonObject

    async def accept(self) -> Answered:
        """Become a member."""
        return await self.api.call(
            "POST",
            "/v1/invitations:accept",
            {"invitation": self.invitation},
            token=self.token(),
        )

    async def execute(self, token: str) -> Answered:
        """Move the counter."""
        return await self.api.call(
            "POST", "{p}/plans:execute", {"plan": {"steps": [increment()]}}, token=token
        )

    def token(self, **more: object) -> str:
        """Return a bearer token of theirs with more claims."""
        return self.issuer.token(**self.claims, **more)


async def test_an_invited_person_executes_with_their_providers_token(
    database: FreshDatabase, redis_url: str
) -> None:
    """The whole way through the app of production: invited, accepted, executed, recorded."""
    with identity_provider(clock=SystemClock()) as issuer:
        trusted = a_trusted_issuer(
            issuer, organization_id=None, organization_claim=ORGANIZATION_CLAIM
        )
        async with an_api(database, redis_url, issuers=(trusted,)) as api:
            newcomer = await invited(api, issuer)
            bearer = newcomer.token()

            before = await api.call("GET", "{p}/state", token=bearer)
            accepted = await newcomer.accept()
            executed = await newcomer.execute(bearer)

    assert before.status == 401
    assert accepted.status == 200, accepted.body
    assert executed.status == 200, executed.body
    assert executed.json["principal"] == accepted.json["id"]


async def test_claims_that_the_settings_list_are_the_principals_who_executes(
    database: FreshDatabase, redis_url: str
) -> None:
    """Each token's own, and no other claim; a token whose claims are too large opens nothing."""
    with identity_provider(clock=SystemClock()) as issuer:
        trusted = a_trusted_issuer(
            issuer,
            organization_id=None,
            organization_claim=ORGANIZATION_CLAIM,
            claims=["team", "level"],
        )
        async with an_api(database, redis_url, issuers=(trusted,)) as api:
            newcomer = await invited(api, issuer)
            assert (await newcomer.accept()).status == 200
            plain, told = newcomer.token(), newcomer.token(team="ops", level=3, roles=["owner"])

            answers = [await newcomer.execute(bearer) for bearer in (plain, told)]
            large = await newcomer.execute(newcomer.token(team="x" * 4_096))
            claims = [(await standing(api, bearer)).claims for bearer in (plain, told, api.token)]

    assert [answer.status for answer in answers] == [200, 200]
    assert claims == ["", '{"level":3,"team":"ops"}', ""]
    assert large.status == 401
    assert b"xxx" not in large.body


async def invited(api: Api, issuer: IdentityProvider) -> Newcomer:
    """Invite somebody whom an issuer knows."""
    me = (await api.call("GET", "/v1/me")).json
    email = "new@people.example"
    offer = {"email": email, "project_id": api.project, "role": "operator"}
    made = await api.call("POST", "/v1/invitations", offer)
    return Newcomer(
        api=api,
        issuer=issuer,
        invitation=made.json["text"],
        claims={
            "email": email,
            "email_verified": True,
            ORGANIZATION_CLAIM: me["organization"]["id"],
        },
    )


async def standing(api: Api, bearer: str) -> Principal:
    """Return who the app takes the holder of a credential for, in the project."""
    app: FastAPI = api.app
    services = app.state.services
    caller = await services.authentication.caller_of(bearer)
    found: Principal = await services.access.principal(caller, api.project)
    return found
