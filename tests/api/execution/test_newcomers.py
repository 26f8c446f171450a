"""Somebody who is invited comes by their identity provider, and executes under their own name."""

from __future__ import annotations

from runtime.kit.clock import SystemClock
from tests.api.execution.conftest import an_api, increment
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.database import FreshDatabase
from tests.servers.identity_provider import identity_provider


async def test_an_invited_person_executes_with_their_providers_token(
    database: FreshDatabase, redis_url: str
) -> None:
    """The whole way through the app of production: invited, accepted, executed, recorded."""
    with identity_provider(clock=SystemClock()) as issuer:
        trusted = a_trusted_issuer(
            issuer, organization_id=None, organization_claim=ORGANIZATION_CLAIM
        )
        async with an_api(database, redis_url, issuers=(trusted,)) as api:
            me = (await api.call("GET", "/v1/me")).json
            offer = {"email": "new@people.example", "project_id": api.project, "role": "operator"}
            invited = await api.call("POST", "/v1/invitations", offer)
            bearer = issuer.token(
                email="new@people.example",
                email_verified=True,
                **{ORGANIZATION_CLAIM: me["organization"]["id"]},
            )

            before = await api.call("GET", "{p}/state", token=bearer)
            accepted = await api.call(
                "POST", "/v1/invitations:accept", {"invitation": invited.json["text"]}, token=bearer
            )
            executed = await api.call(
                "POST", "{p}/plans:execute", {"plan": {"steps": [increment()]}}, token=bearer
            )

    assert before.status == 401
    assert accepted.status == 200, accepted.body
    assert executed.status == 200, executed.body
    assert executed.json["principal"] == accepted.json["id"]
