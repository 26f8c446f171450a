"""Laws of logs: however transactions and those who number interleave, each log is as it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.domain.merkle import Frontier, verify_consistency
from runtime.store.session import Database
from tests.audit_log import LogWorld, OpenTransaction, a_log_world, open_transaction
from tests.database import DatabaseServer, DatabaseUrls
from tests.integration.audit_log.proving import proof_between

SLOTS: Final = 3
Move = tuple[str, int, int]

MOVES: Final = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["write", "commit", "undo"]), st.integers(0, SLOTS - 1), st.just(0)
        ),
        st.tuples(st.just("number"), st.integers(1, 5), st.integers(1, 2)),
        st.tuples(st.just("sign"), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@dataclass(kw_only=True)
class Play:
    """Hold open transactions of two organizations, and what was committed of each."""

    world: LogWorld
    app_url: str
    stack: AsyncExitStack
    organizations: Sequence[str]
    open: dict[int, tuple[OpenTransaction, str]] = field(default_factory=dict)
    committed: dict[str, list[list[str]]] = field(default_factory=dict)

    async def write(self, slot: int) -> None:
        """Write one record in a slot's transaction, which begins with it."""
        if slot not in self.open:
            organization = self.organizations[slot % len(self.organizations)]
            transaction = await self.stack.enter_async_context(
                open_transaction(self.app_url, organization)
            )
            self.open[slot] = (transaction, organization)
        await self.open[slot][0].write(self.world.ids.new("aud"))

    async def end(self, slot: int, *, commit: bool) -> None:
        """End a slot's transaction, if it has one."""
        if slot in self.open:
            transaction, organization = self.open.pop(slot)
            await transaction.end(commit=commit)
            if commit:
                self.committed.setdefault(organization, []).append(transaction.ids)

    async def move(self, kind: str, slot: int, count: int) -> None:
        """Do one thing."""
        match kind:
            case "write":
                await self.write(slot)
            case "commit" | "undo":
                await self.end(slot, commit=kind == "commit")
            case "number":
                async with asyncio.TaskGroup() as group:
                    for _ in range(count):
                        group.create_task(self.world.sequencing(most=slot).look())
            case _:
                await self.world.heads().look()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_any_interleaving_gives_sound_logs(
    database_server: DatabaseServer, moves: list[Move]
) -> None:
    """No gap, each committed record once and no other, in order, under heads that go on."""
    with database_server.migrated() as urls:
        asyncio.run(_play(urls, moves))


async def _play(urls: DatabaseUrls, moves: list[Move]) -> None:
    database = await Database.opened(urls.app_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        world = await a_log_world(database)
        organizations = [await world.organization() for _ in range(2)]
        play = Play(world=world, app_url=urls.app_url, stack=stack, organizations=organizations)
        for kind, slot, count in moves:
            await play.move(kind, slot, count)
        for slot in list(play.open):
            await play.end(slot, commit=True)
        while await world.sequencing(most=3).look():
            pass
        await world.heads().look()
        for organization in organizations:
            await _holds(world, organization, play.committed.get(organization, []))
        assert world.watched.failures == []
        assert world.watched.broken_logs == {}


async def _holds(world: LogWorld, organization_id: str, committed: list[list[str]]) -> None:
    found = await world.sound(organization_id)
    assert sorted(found) == sorted(item for ids in committed for item in ids)
    for ids in committed:
        places = [found.index(item) for item in ids]
        assert places == list(range(places[0], places[0] + len(ids)))
    assert await world.asked(organization_id, "select count(*) from audit_outbox") == [(0,)]
    hashes = [item.leaf.hash() for item in await world.leaves(organization_id)]
    heads = [signed.head for signed in await world.signed_heads(organization_id)]
    assert not found or heads[-1].size == len(found)
    for head in heads:
        assert head.root == Frontier().with_leaves(hashes[: head.size]).root().hex()
        assert verify_consistency(
            head.size,
            len(found),
            first_root=bytes.fromhex(head.root),
            second_root=bytes.fromhex(heads[-1].root),
            proof=await proof_between(world, organization_id, head.size, len(found)),
        )
