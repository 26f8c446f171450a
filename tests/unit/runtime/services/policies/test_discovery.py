"""Which bundles there are is told to whoever asks, and to those who wait for another."""

from __future__ import annotations

import asyncio

import pytest

from runtime.services.policies.bundle_maker import BundleMaker
from runtime.services.policies.discovery import Discovery
from runtime.services.policies.rules_watch import RulesWatch
from runtime.store.session import Database
from tests.tenants import Tenancy, a_tenancy, a_tenant

MAKER = BundleMaker(
    content=lambda *_: b"",
    etag=lambda *_: "",
    discovery=lambda ids, _: " ".join(ids).encode(),
    discovery_etag=" ".join,
)


async def stays() -> bool:
    """Say that whoever waits is there."""
    return False


@pytest.fixture
def tenancy(database: Database) -> Tenancy:
    """Give a platform without organizations."""
    return a_tenancy(database)


def a_discovery(tenancy: Tenancy, *, most: int = 10) -> Discovery:
    """Build it."""
    return Discovery(database=tenancy.database, clock=tenancy.clock, maker=MAKER, most=most)


async def test_every_organization_is_named(tenancy: Tenancy) -> None:
    """With rules of its own or not; one that is archived is not."""
    first, second = [await a_tenant(tenancy) for _ in range(2)]
    both = await a_discovery(tenancy).of()
    await tenancy.organizations.archive(first.owner, first.id)
    one = await a_discovery(tenancy).of()

    assert both is not None
    assert set(both.content.decode().split()) == {first.id, second.id}
    assert one is not None
    assert one.content.decode() == second.id


async def test_only_so_many_are_named(tenancy: Tenancy) -> None:
    """The oldest, which OPA knows already."""
    ids = sorted([(await a_tenant(tenancy)).id for _ in range(3)])

    found = await a_discovery(tenancy, most=2).of()

    assert found is not None
    assert found.content.decode().split() == ids[:2]


async def test_who_has_it_is_given_nothing(tenancy: Tenancy) -> None:
    """Until there is another organization."""
    await a_tenant(tenancy)
    discovery = a_discovery(tenancy)
    first = await discovery.of()
    assert first is not None
    assert await discovery.of(known=first.etag) is None

    await a_tenant(tenancy)

    assert await discovery.of(known=first.etag) is not None


async def test_who_waits_learns_of_a_new_organization(tenancy: Tenancy) -> None:
    """Soon, though nobody tells of it."""
    discovery = a_discovery(tenancy)
    discovery.watch = RulesWatch(discovery._stamp, poll_s=0.02)  # noqa: SLF001  # so that it is soon
    waiting = asyncio.create_task(discovery.newer(known="", within_s=30, gone=stays))
    tenant = await a_tenant(tenancy)
    async with asyncio.timeout(20):
        found = await waiting

    assert found is not None
    assert found.content.decode() == tenant.id


async def test_who_waits_in_vain_has_the_newest(tenancy: Tenancy) -> None:
    """They are told so in the end."""
    assert await a_discovery(tenancy).newer(known="", within_s=0.01, gone=stays) is None
