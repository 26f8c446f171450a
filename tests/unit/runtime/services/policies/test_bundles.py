"""Bundles hold what holds, are made once for all who come for them, and say how old they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.errors import NotFoundError
from runtime.domain.policy_unit import BASE, PolicyModule, PolicyUnit
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.services.policies.bundle_maker import Bundle, BundleMaker
from runtime.services.policies.bundles import KEPT_BYTES, MADE_ANEW_S, Bundles, made_at
from runtime.store.session import Database
from tests.policies import PolicySite, a_policy_site, an_upload

SHIPPED = (PolicyModule(path="plangate/main.rego", text="package plangate\n"),)


@dataclass(slots=True)
class Made:
    """Make archives that say what they are of, and count them."""

    contents: list[tuple[PolicyUnit, ...]] = field(default_factory=list)
    size_bytes: int = 1

    def maker(self) -> BundleMaker:
        """Return what makes them."""
        return BundleMaker(
            content=self._content,
            etag=lambda units, built_at: f"{_spelled(units)} {built_at:%M:%S}",
            discovery=lambda ids, _: ",".join(ids).encode(),
            discovery_etag=lambda ids: ",".join(sorted(ids)),
        )

    def _content(self, units: Sequence[PolicyUnit], _: str, built_at: datetime) -> bytes:
        self.contents.append(tuple(units))
        return f"{_spelled(units)} {built_at:%M:%S}".encode().ljust(self.size_bytes)


def _spelled(units: Sequence[PolicyUnit]) -> str:
    return " ".join(f"{unit.key}={unit.number}" for unit in units)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold an organization, its bundles, and what they took."""

    site: PolicySite
    bundles: Bundles
    made: Made

    async def of(self, *, known: str | None = None) -> Bundle | None:
        """Return the organization's bundle."""
        return await self.bundles.of(self.site.tenant.id, known=known)


async def stays() -> bool:
    """Say that whoever waits is there."""
    return False


@pytest.fixture
async def world(database: Database) -> World:
    """Make an organization."""
    site, made = await a_policy_site(database), Made()
    bundles = Bundles(
        database=database,
        clock=site.tenant.tenancy.clock,
        shipped=lambda: SHIPPED,
        maker=made.maker(),
    )
    return World(site=site, bundles=bundles, made=made)


async def test_a_bundle_has_a_unit_for_each_project_with_rules(world: World) -> None:
    """Those of the organization are in all, tests in none; numbers are those of activations."""
    site = world.site
    await an_upload(site.world, site.tenant, site.first, activate=True)
    await an_upload(site.world, site.tenant, ORGANIZATION_SCOPE, activate=True)

    assert await world.of()

    (units,) = world.made.contents
    assert [(unit.key, unit.number) for unit in units] == [(BASE, 2), (site.first, 2)]
    assert [[module.path for module in unit.modules] for unit in units] == [
        ["plangate/main.rego", "organization/refunds.rego"],
        ["plangate/main.rego", "organization/refunds.rego", "project/refunds.rego"],
    ]


async def test_who_has_it_is_given_nothing(world: World) -> None:
    """And it is made once for all others who come for the same."""
    first = await world.of()
    assert first is not None
    async with asyncio.TaskGroup() as group:
        others = [group.create_task(world.of()) for _ in range(5)]

    assert {task.result() for task in others} == {first}
    assert await world.of(known=first.etag) is None
    assert len(world.made.contents) == 1


async def test_what_was_made_before_is_forgotten(world: World) -> None:
    """Only so many bytes are kept, and the newest in any case."""
    world.made.size_bytes = KEPT_BYTES
    clock = world.site.tenant.tenancy.clock
    await world.of()
    clock.advance(timedelta(seconds=MADE_ANEW_S))
    second = await world.of()
    again = await world.of()

    assert second == again
    assert len(world.made.contents) == 2
    assert len(world.bundles._kept.made) == 1  # noqa: SLF001  # what is kept is the point


async def test_a_bundle_is_made_anew_though_nothing_changed(world: World) -> None:
    """Its date is what evaluators measure its age by."""
    first = await world.of()
    world.site.tenant.tenancy.clock.advance(timedelta(seconds=MADE_ANEW_S))
    second = await world.of()

    assert first is not None
    assert second is not None
    assert first.etag != second.etag


def test_each_organization_has_a_second_of_its_own() -> None:
    """They are not all made at once when a minute begins; and none comes from the future."""
    now = datetime(2026, 1, 5, 12, 0, 30, 500_000, tzinfo=UTC)
    made = {made_at(now, f"org_{number}") for number in range(200)}

    assert len(made) > 40
    assert all(timedelta() <= now - one < timedelta(seconds=MADE_ANEW_S + 1) for one in made)
    assert {
        made_at(one + timedelta(seconds=59), f"org_{0}") for one in [made_at(now, "org_0")]
    } == {made_at(now, "org_0")}


async def test_who_waits_is_given_the_next_bundle(world: World) -> None:
    """As soon as other rules hold."""
    first = await world.of()
    assert first is not None
    waiting = asyncio.create_task(
        world.bundles.newer(world.site.tenant.id, known=first.etag, within_s=30, gone=stays)
    )
    await an_upload(world.site.world, world.site.tenant, activate=True)
    world.bundles.watch.tell(world.site.tenant.id)
    async with asyncio.timeout(20):
        second = await waiting

    assert second is not None
    assert second.content.startswith(b"base=1")


async def test_who_waits_in_vain_has_the_newest(world: World) -> None:
    """They are told so in the end, and at once where nobody may wait any more."""
    first = await world.of()
    assert first is not None
    newer = world.bundles.newer

    assert await newer(world.site.tenant.id, known=first.etag, within_s=0.01, gone=stays) is None
    world.bundles.close()
    assert await newer(world.site.tenant.id, known=first.etag, within_s=30, gone=stays) is None
    assert not world.bundles.discovery.watch.has_room


@pytest.mark.parametrize("organization_id", ["discovery", "nobody", f"org_{'0' * 26}"])
async def test_what_is_no_organization_has_no_bundle(world: World, organization_id: str) -> None:
    """Whether it could be one or not; nobody waits for it."""
    with pytest.raises(NotFoundError):
        await world.bundles.of(organization_id)
    with pytest.raises(NotFoundError):
        await world.bundles.newer(organization_id, known="any", within_s=30, gone=stays)


async def test_without_a_key_there_is_no_bundle(world: World, database: Database) -> None:
    """Nor one that names the others."""
    unsigned = Bundles(
        database=database,
        clock=world.site.tenant.tenancy.clock,
        shipped=lambda: SHIPPED,
        maker=None,
    )
    with pytest.raises(NotFoundError):
        await unsigned.of(world.site.tenant.id)
    with pytest.raises(NotFoundError):
        await unsigned.discovery.of()
    with pytest.raises(NotFoundError):
        await unsigned.discovery.newer(known="any", within_s=30, gone=stays)
