"""What was kept for long enough can't be read any more, but for what a hold keeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from runtime.services.audit.holds import HoldWish
from runtime.services.audit.keeping import KEEPER, Keeping, KeepingPace
from runtime.store.audit_settings import put_audit_settings
from runtime.store.session import Database
from tests.audit_keys import ADA, EVE, KeysWorld, a_keys_world
from tests.audit_log import WatchedLog
from tests.tenants import BEGAN, Tenant, a_tenant

MONTHS: Final = ("2025-10", "2025-11", "2025-12", "2026-01")


@pytest.fixture
async def world(database: Database) -> KeysWorld:
    """Make an organization with keys of two subjects in four months, the last one being now."""
    made = await a_keys_world(database)
    pairs = [(subject, month) for subject in (ADA, EVE) for month in MONTHS]
    await made.keys.of(made.tenant.id, pairs)
    return made


async def keep(world: KeysWorld, tenant: Tenant, days: int | None) -> None:
    """Say how long an organization keeps its records."""
    async with world.database.transaction(tenant.id) as connection:
        await put_audit_settings(
            connection,
            tenant.id,
            strict=False,
            keep_days=days,
            changed_by=tenant.owner_id,
            now=BEGAN,
        )


def keeping(world: KeysWorld, **pace: float) -> Keeping:
    """Build a keeper with a pace."""
    made = {"rest_s": 0.0, **pace}
    return Keeping(
        world.database,
        world.tenant.tenancy.clock,
        forget=world.keys.forget,
        pace=KeepingPace(
            every_s=made.get("every_s", 3_600.0),
            most=int(made.get("most", 500)),
            tenants=1,
            rest_s=made["rest_s"],
        ),
    )


async def left(world: KeysWorld, subject: str = ADA) -> list[str]:
    """Return of which months a subject has keys."""
    rows = await world.rows(
        "select subject, period from audit_payload_keys where destroyed_at is null order by period"
    )
    return [str(period) for whose, period in rows if whose == subject]


@pytest.mark.parametrize(
    ("days", "months"),
    [
        pytest.param(None, MONTHS, id="for ever"),
        pytest.param(1, MONTHS[3:], id="a day: all months that ended"),
        pytest.param(4, MONTHS[3:], id="the last month ended just that long ago"),
        pytest.param(5, MONTHS[2:], id="the last month ended less long ago"),
        pytest.param(36, MONTHS[1:], id="some months"),
        pytest.param(36_500, MONTHS, id="a century"),
    ],
)
async def test_keys_of_months_that_ended_longer_ago_are_destroyed(
    world: KeysWorld, days: int | None, months: tuple[str, ...]
) -> None:
    """It is the fifth of January, at noon."""
    await keep(world, world.tenant, days)

    assert datetime(2026, 1, 5, 12, tzinfo=UTC) == BEGAN
    assert await keeping(world).look() == 2 * (4 - len(months))
    assert await left(world) == list(months)
    assert await keeping(world).look() == 0


async def test_it_is_recorded_and_said_to_who_holds_keys(world: KeysWorld) -> None:
    """As what the platform did, with how many."""
    await keep(world, world.tenant, 30)
    await world.keys.of(world.tenant.id, [(ADA, MONTHS[0])])

    await keeping(world, most=3).look()

    assert await world.rows(
        "select principal_id, document from audit_records where kind = 'audit.keys_expired'"
        " order by document"
    ) == [
        (KEEPER, '{"before":"2025-12","keep_days":30,"keys":1}'),
        (KEEPER, '{"before":"2025-12","keep_days":30,"keys":3}'),
    ]
    assert await world.rows(
        "select distinct destroyed_at, destroyed_why from audit_payload_keys"
        " where destroyed_at is not null"
    ) == [(BEGAN, "expired")]
    await world.keys.of(world.tenant.id, [(ADA, MONTHS[0])])
    assert await left(world) == [MONTHS[0], *MONTHS[2:]]


async def test_a_hold_keeps_what_it_names(world: KeysWorld) -> None:
    """Of one subject, or of all; what is released goes with the next look."""
    await keep(world, world.tenant, 1)
    owner, holds = world.tenant.owner, world.holds
    all_of_it = (await holds.place(owner, HoldWish(name="a", reason=""))).document
    ada = (await holds.place(owner, HoldWish(name="b", reason="", subject=ADA))).document

    assert await keeping(world).look() == 0
    await holds.release(owner, all_of_it["id"])
    assert await keeping(world, most=2).look() == 3
    assert (await left(world), await left(world, EVE)) == (list(MONTHS), [MONTHS[3]])
    await holds.release(owner, ada["id"])
    assert await keeping(world).look() == 3
    assert await left(world) == [MONTHS[3]]


async def test_each_organization_keeps_as_it_says(world: KeysWorld) -> None:
    """Archived ones too."""
    other = await a_tenant(world.tenant.tenancy, "Globex")
    await world.keys.of(other.id, [(ADA, MONTHS[0])])
    await keep(world, other, 1)
    await world.tenant.tenancy.organizations.archive(other.owner, other.id)

    assert await keeping(world).look() == 1
    assert await left(world) == list(MONTHS)


async def test_several_keepers_destroy_each_key_once(world: KeysWorld) -> None:
    """They wait for each other, an organization at a time."""
    await keep(world, world.tenant, 1)
    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(keeping(world, most=1).look()) for _ in range(3)]

    assert sum(look.result() for look in looks) == 6


async def test_it_looks_by_itself_until_it_is_told_to_end(world: KeysWorld) -> None:
    """The first look comes after a while; a database that fails is asked again."""
    await keep(world, world.tenant, 1)
    told = asyncio.Event()
    keeper = Keeping(
        world.database,
        world.tenant.tenancy.clock,
        forget=lambda _organization, _subject: told.set(),
        pace=KeepingPace(every_s=0.01),
    )
    running = asyncio.create_task(keeper.run())
    await told.wait()
    keeper.end()
    await running

    assert await left(world) == [MONTHS[3]]
    assert world.tenant.tenancy.clock.now() - BEGAN == timedelta()


async def test_what_fails_of_one_organization_keeps_no_other_waiting(world: KeysWorld) -> None:
    """Whatever it is; it is told of, and nobody ends by it."""
    first, second = sorted(
        (world.tenant, await a_tenant(world.tenant.tenancy, "Globex")), key=lambda item: item.id
    )
    await world.keys.of(second.id, [(ADA, MONTHS[0])])
    await world.keys.of(first.id, [(ADA, MONTHS[0])])
    await keep(world, first, 1)
    await keep(world, second, 1)
    forgotten, watched = list[str](), WatchedLog()

    def forget(organization_id: str, _subject: str | None) -> None:
        forgotten.append(organization_id)
        raise RuntimeError("odd")

    keeper = Keeping(world.database, world.tenant.tenancy.clock, forget=forget, measures=watched)
    assert await keeper.look() == 0
    assert forgotten == [first.id, second.id]
    assert [str(error) for error in watched.failures] == ["odd", "odd"]


async def test_who_was_told_to_end_destroys_nothing_more(world: KeysWorld) -> None:
    """What is left is for the next process."""
    await keep(world, world.tenant, 1)
    keeper = keeping(world)
    keeper.end()

    assert await keeper.look() == 0
    await keeper.run()
    assert await left(world) == list(MONTHS)
