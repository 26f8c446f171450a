"""Everything sealed is sealed anew while the platform serves; what does not open is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

import pytest
from sqlalchemy import text

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import MARK, EnvelopeSeal
from runtime.services.resealing.resealing import ResealedColumn, Resealing, ResealingPace
from runtime.services.webhooks.sealing import headers_of, url_of
from runtime.store.session import Database
from runtime.store.webhook_endpoints import held_endpoint
from tests.tenants import a_tenancy, a_tenant
from tests.webhooks import WebhookWorld, a_webhook_world

TOKEN: Final = b"k" * 32
NEW: Final = b"n" * 32
BEFORE: Final = AesSeal([TOKEN])
BOTH: Final = EnvelopeSeal([NEW, TOKEN], before=BEFORE)
TO_NEW: Final = EnvelopeSeal([NEW, b"m" * 32, TOKEN], before=BEFORE)
TO_MIDDLE: Final = EnvelopeSeal([b"m" * 32, NEW, TOKEN], before=BEFORE)
ONLY_NEW: Final = EnvelopeSeal([NEW], before=AesSeal([NEW]))
FAST: Final = ResealingPace(most=2, tries=2, rest_s=0.01)
COLUMNS: Final = {
    "webhook_endpoints.sealed_url",
    "webhook_endpoints.sealed_headers",
    "webhook_secrets.sealed",
    "hook_secrets.sealed",
    "audit_payload_keys.wrapped",
}


class ProcessEndedError(Exception):
    """The process ends in the middle of its work."""


@dataclass(slots=True)
class InterruptedSeal:
    """Be a seal whose process ends after some calls."""

    left: int

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Seal as the one of both keys."""
        return BOTH.sealed(text, bound_to=bound_to)

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Open as the one of both keys."""
        return BOTH.opened(sealed, bound_to=bound_to)

    def renewed(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """Renew as the one of both keys, or end."""
        if self.left == 0:
            raise ProcessEndedError
        self.left -= 1
        return BOTH.renewed(sealed, bound_to=bound_to)


@pytest.fixture
async def world(database: Database) -> WebhookWorld:
    """Make an organization whose texts are sealed as they were before envelopes."""
    return await a_webhook_world(database)


async def endpoints(world: WebhookWorld, count: int) -> list[str]:
    """Make endpoints, one with headers, and return their ids in order."""
    made = [await world.endpoint() for _ in range(count)]
    headers = BEFORE.sealed('{"x-key":"v"}', bound_to=headers_of(made[0].id))
    await world.change(made[0], sealed_headers=headers, header_names=("x-key",))
    return sorted(endpoint.id for endpoint in made)


async def resealed(
    database: Database, seal: EnvelopeSeal = BOTH, pace: ResealingPace = FAST
) -> dict[str, ResealedColumn]:
    """Seal all of it anew, and return what was done by columns, without the empty ones."""
    columns = await Resealing(database, seal, pace=pace).run()
    assert {column.name for column in columns} == COLUMNS
    return {column.name: column for column in columns if column.rows}


async def test_webhooks_are_delivered_while_all_of_it_is_sealed_anew(world: WebhookWorld) -> None:
    """None is lost or fails, however often it is sealed; then the newest key alone opens it."""
    await endpoints(world, 5)
    async with replace(world, seal=TO_NEW).sending():
        for number in range(6):
            await world.emit("project.updated", "project.updated")
            await world.fan()
            await resealed(world.database, TO_MIDDLE if number % 2 else TO_NEW)
        await world.receiver.got(60)
    done = await resealed(world.database, TO_NEW)
    left = await resealed(world.database, ONLY_NEW)

    assert await world.statuses() == {"delivered": 60}
    assert {call.headers.get("x-key") for call in world.receiver.calls} == {None, "v"}
    assert all(column.done for column in (*done.values(), *left.values()))
    assert {name: (column.rows, column.renewed) for name, column in left.items()} == {
        "webhook_endpoints.sealed_url": (5, 0),
        "webhook_endpoints.sealed_headers": (1, 0),
        "webhook_secrets.sealed": (5, 0),
    }


@pytest.mark.parametrize("calls", [0, 1, 5, 6, 13, 20, 29])
async def test_who_was_interrupted_begins_again_and_passes_over_what_is_done(
    world: WebhookWorld, calls: int
) -> None:
    """Wherever that was: no row is sealed twice, and none is left."""
    await endpoints(world, 7)
    with pytest.raises(ProcessEndedError):
        await Resealing(world.database, InterruptedSeal(calls), pace=FAST).run()
    left = await sealed_as_before(world)

    done = await resealed(world.database)

    assert left == sum(column.renewed for column in done.values())
    assert (left == 15) == (calls < 5)  # of two rows: read both, seal one, seal the other, the next
    assert all(column.done for column in done.values())
    again = await resealed(world.database)
    assert [column.renewed for column in again.values()] == [0, 0, 0]


async def sealed_as_before(world: WebhookWorld) -> int:
    """Return how many texts are in the form before."""
    found = await world.rows(
        "select sealed_url from webhook_endpoints union all select sealed from webhook_secrets"
        " union all select sealed_headers from webhook_endpoints where sealed_headers is not null"
    )
    return sum(not bytes(sealed).startswith(MARK) for (sealed,) in found)


async def test_several_at_once_seal_each_row_once(world: WebhookWorld) -> None:
    """They pass over what another one holds, and come back to it."""
    await endpoints(world, 9)
    pace = ResealingPace(most=3, tries=20, rest_s=0.02)
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(resealed(world.database, BOTH, pace)) for _ in range(3)]

    counted = [column for run in runs for column in run.result().values()]
    assert sum(column.renewed for column in counted) == 19
    assert all(column.done for column in counted)


async def test_what_does_not_open_is_left_as_it_is_and_told(world: WebhookWorld) -> None:
    """With its organization and its id; it hinders nothing else, under whichever key it is."""
    first, second, third = await endpoints(world, 3)
    lost = EnvelopeSeal([b"x" * 32], before=BEFORE).sealed("u", bound_to=url_of(first))
    moved = BOTH.sealed("https://elsewhere.example", bound_to=url_of(third))
    async with world.database.transaction(world.organization_id) as connection:
        for endpoint_id, sealed in ((first, lost), (second, moved)):
            await connection.execute(
                text("update webhook_endpoints set sealed_url = :sealed where id = :id"),
                {"sealed": sealed, "id": endpoint_id},
            )

    done = await resealed(world.database)

    urls = done["webhook_endpoints.sealed_url"]
    assert not urls.done
    assert (urls.rows, urls.renewed, urls.broken) == (3, 1, 2)
    assert urls.broken_rows == [f"{world.organization_id}/{item}" for item in (first, second)]
    rows = await world.rows("select id, sealed_url from webhook_endpoints order by id")
    assert dict(rows[:2]) == {first: lost, second: moved}
    assert done["webhook_secrets.sealed"].done


async def test_what_somebody_holds_all_the_while_is_told(world: WebhookWorld) -> None:
    """Nobody waits for it; once it is free it is sealed anew, and what is gone is forgotten."""
    first, second, third = await endpoints(world, 3)
    async with world.database.transaction(world.organization_id) as holding:
        await held_endpoint(holding, first)
        done = await resealed(world.database)
    urls = done["webhook_endpoints.sealed_url"]
    assert (urls.rows, urls.renewed, urls.held, urls.done) == (3, 2, 1, False)

    patient = ResealingPace(most=1, tries=1_000, rest_s=0.01)
    async with world.database.transaction(world.organization_id) as holding:
        await held_endpoint(holding, first)
        running = asyncio.create_task(resealed(world.database, BOTH, patient))
        await holding.execute(text("delete from webhook_secrets"))
    urls = (await running)["webhook_endpoints.sealed_url"]
    assert (urls.rows, urls.renewed, urls.held, urls.done) == (3, 1, 0, True)
    assert {second, third} < {
        row[0] for row in await world.rows("select id from webhook_endpoints")
    }


async def test_organizations_that_are_archived_are_sealed_anew_too(world: WebhookWorld) -> None:
    """They may be restored."""
    tenancy = a_tenancy(world.database)
    other = await a_tenant(tenancy, "Globex")
    theirs = replace(world, organization_id=other.id, member_id=other.owner_id)
    await theirs.endpoint()
    await tenancy.organizations.archive(other.owner, other.id)

    done = await resealed(world.database)

    assert done["webhook_secrets.sealed"].renewed == 1
    assert (await resealed(world.database, ONLY_NEW))["webhook_secrets.sealed"].done
