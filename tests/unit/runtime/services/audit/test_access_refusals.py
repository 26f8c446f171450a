"""Refusals are recorded, but no principal fills the log with them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from runtime.domain.caller import CredentialKind
from runtime.kit.json_value import JsonObject
from runtime.kit.rates import Rate
from runtime.services.audit.access_refusals import AccessRefusals, Asked
from runtime.services.audit.recorder import Recorder
from tests.execution import World, redis_url, world

__all__ = ["redis_url", "world"]

ASKED = Asked(route="POST /v1/tokens", path="/v1/tokens")


class Seconds:
    """Be a clock that stands until it is told."""

    def __init__(self) -> None:
        """Begin."""
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now_s


def refusals(world: World, clock: Seconds) -> AccessRefusals:
    """Build it with little patience."""
    return AccessRefusals(
        database=world.database,
        ids=world.ids,
        recorder=Recorder(world.database, world.ids),
        monotonic_s=clock,
        rate=Rate(per_s=1, burst=2),
    )


async def documents(world: World) -> list[JsonObject]:
    """Return what is recorded."""
    async with world.database.transaction(world.caller.organization_id) as connection:
        asked = text("select document::json from audit_records order by id")
        return list(await connection.scalars(asked))


async def test_the_next_record_says_how_many_were_left_out(world: World) -> None:
    """So that nobody hides in the bound."""
    clock = Seconds()
    noting = refusals(world, clock)
    for _ in range(5):
        await noting.note(world.caller, ASKED, needs="a scope", has="none")
    clock.now_s += 1
    await noting.note(world.caller, ASKED, needs="a scope", has="none")

    assert [item["left_out"] for item in await documents(world)] == [0, 0, 3]


async def test_one_principal_uses_up_no_other_ones_share(world: World) -> None:
    """Each is counted alone, whatever their credentials."""
    noting = refusals(world, Seconds())
    other = replace(world.caller, member_id=world.ids.new("mem"))
    again = replace(world.caller, credential_id=world.ids.new("tok"))
    for caller in (world.caller, world.caller, again, other):
        await noting.note(caller, ASKED, needs="a scope", has="none")

    assert len(await documents(world)) == 3


async def test_what_was_asked_for_is_cut_to_a_length(world: World) -> None:
    """A path is whatever somebody sends."""
    noting = refusals(world, Seconds())
    long = "x" * 10_000
    await noting.note(world.caller, replace(ASKED, path=long), needs=long, has=long)

    (found,) = await documents(world)
    assert len(str(found)) < 3_000


async def test_the_operator_is_in_no_organization_to_be_recorded_in(world: World) -> None:
    """Their credential opens one route, and is refused by no right."""
    operator = replace(world.caller, credential_kind=CredentialKind.OPERATOR)
    await refusals(world, Seconds()).note(operator, ASKED, needs="a scope", has="none")

    assert await documents(world) == []


async def test_a_login_for_an_organization_that_is_not_there_is_no_fault(world: World) -> None:
    """An issuer may vouch for anything."""
    noting = refusals(world, Seconds())
    await noting.note_login(world.ids.new("org"), issuer="https://issuer", subject="ann")
    await noting.note_login(world.caller.organization_id, issuer="https://issuer", subject="ann")

    (found,) = await documents(world)
    assert "ann" not in str(found)
