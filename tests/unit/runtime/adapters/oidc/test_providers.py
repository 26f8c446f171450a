"""All trusted issuers are one door: known by name, bounded in time, closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from runtime.adapters.oidc.providers import OidcProviders
from runtime.domain.errors import DeclarationError
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import FixedClock
from tests.contract.identity_world import NOW, a_trusted_issuer
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    DISCOVERY,
    KEYS,
    REDIRECT_URI,
    SUBJECT,
    Canned,
    IdentityProvider,
    identity_provider,
)
from tests.unit.runtime.adapters.oidc.refusing import refuses


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer."""
    with identity_provider(clock=FixedClock(NOW)) as served:
        yield served


def test_an_issuer_is_trusted_on_one_set_of_terms(issuer: IdentityProvider) -> None:
    """Listed twice, it would vouch for two organizations; which one is not for us to guess."""
    twice = [a_trusted_issuer(issuer), a_trusted_issuer(issuer, audiences=("b",))]

    with pytest.raises(DeclarationError, match="is listed twice"):
        OidcProviders(twice, clock=issuer.clock, egress=issuers_way())


async def test_without_issuers_nobody_is_believed(issuer: IdentityProvider) -> None:
    """The empty list trusts nobody, rather than everybody."""
    providers = OidcProviders([], clock=issuer.clock, egress=issuers_way())

    with refuses(IdentityRefusal.ISSUER):
        await providers.verify(issuer.token())
    await providers.close()


async def test_a_silent_issuer_keeps_nobody_waiting(issuer: IdentityProvider) -> None:
    """Neither a bearer nor a login waits longer than the bound."""
    providers = OidcProviders(
        [a_trusted_issuer(issuer)],
        clock=issuer.clock,
        egress=issuers_way(issuer.url),
        answer_s=0.05,
    )
    with issuer.held(DISCOVERY):
        with refuses(IdentityRefusal.UNAVAILABLE, "no answer within 0.05 s"):
            await providers.verify(issuer.token())
        with refuses(IdentityRefusal.UNAVAILABLE, "no answer within 0.05 s"):
            await providers.start_login(issuer.url, redirect_uri=REDIRECT_URI)
    await providers.close()


async def test_a_caller_who_gives_up_is_let_go(issuer: IdentityProvider) -> None:
    """Cancelling is no outage: the next one is served."""
    providers = OidcProviders(
        [a_trusted_issuer(issuer)], clock=issuer.clock, egress=issuers_way(issuer.url)
    )
    with issuer.held(KEYS):
        waiting = asyncio.create_task(providers.verify(issuer.token()))
        await asyncio.to_thread(issuer.await_served, KEYS, 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert (await providers.verify(issuer.token())).subject == SUBJECT
    await providers.close()


async def test_a_burst_of_tokens_asks_once(issuer: IdentityProvider) -> None:
    """The keys of an issuer are fetched for all who wait."""
    providers = OidcProviders(
        [a_trusted_issuer(issuer)], clock=issuer.clock, egress=issuers_way(issuer.url)
    )
    with issuer.held(KEYS):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(providers.verify(issuer.token())) for _ in range(50)]
            await asyncio.to_thread(issuer.await_served, KEYS, 1)
            issuer.release(KEYS)

    assert {task.result().subject for task in tasks} == {SUBJECT}
    assert (issuer.served[DISCOVERY], issuer.served[KEYS]) == (1, 1)
    await providers.close()


async def test_one_issuers_outage_is_not_anothers(issuer: IdentityProvider) -> None:
    """Organizations do not share the fate of their issuers."""
    with identity_provider(clock=issuer.clock) as down:
        down.answers[DISCOVERY] = Canned(status=503)
        trusted = [a_trusted_issuer(issuer), a_trusted_issuer(down)]
        providers = OidcProviders(
            trusted, clock=issuer.clock, egress=issuers_way(*(item.issuer for item in trusted))
        )
        with refuses(IdentityRefusal.UNAVAILABLE):
            await providers.verify(down.token())

        assert (await providers.verify(issuer.token())).subject == SUBJECT
        await providers.close()


async def test_a_token_that_ends_is_refused_from_then_on(issuer: IdentityProvider) -> None:
    """Nothing is remembered of a token that was believed."""
    clock = FixedClock(NOW)
    providers = OidcProviders(
        [a_trusted_issuer(issuer)], clock=clock, egress=issuers_way(issuer.url)
    )
    token = issuer.token()
    await providers.verify(token)
    clock.advance(timedelta(seconds=630))

    with refuses(IdentityRefusal.EXPIRED):
        await providers.verify(token)
    await providers.close()
