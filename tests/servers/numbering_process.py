"""Number audit records up to a step, say so and stay there, to be killed: `python -m` this."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Collection, Mapping

from runtime.domain.audit_sealing import SubjectKey, sealed
from runtime.domain.audit_tiles import grown
from runtime.services.audit.subject_keys import Pair, SubjectKeys, period_of
from runtime.store.audit_waiting import numbering_turn, waiting_organizations
from runtime.store.session import Database
from tests.audit_log import AT_ONCE, LogWorld, a_log_world


class StoppingKeys:
    """Stop once keys were made, in the middle of the transaction."""

    def __init__(self, keys: SubjectKeys) -> None:
        self._keys = keys

    async def of(self, organization_id: str, wanted: Collection[Pair]) -> Mapping[Pair, SubjectKey]:
        """Find keys, and go no further."""
        await self._keys.of(organization_id, wanted)
        await _stay("sealing")
        raise AssertionError


async def _stay(where: str) -> None:
    """Say where this process is, and stay there."""
    sys.stdout.write(f"{where}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _append_and_stay(world: LogWorld) -> None:
    """Append everything that waits, and never commit it."""
    (organization,) = await waiting_organizations(world.database, most=1)
    async with numbering_turn(world.database, organization) as turn:
        assert turn is not None
        line = await turn.waiting(most=1_000, most_bytes=1_000_000)
        pairs = {(item.record.principal_id, period_of(item.at)) for item in line.records}
        (key,) = (await world.keys.of(organization, pairs)).values()
        leaves = [
            sealed(item.record, key, organization_id=organization, at=item.at)
            for item in line.records
        ]
        hashes = [leaf.hash() for leaf in leaves]
        growth = grown(await turn.frontier(), hashes)
        assert await turn.append(leaves, growth, hashes=hashes, past=line.past, terms=AT_ONCE)
        await _stay("appended")


async def _run(url: str, stop: str) -> None:
    world = await a_log_world(await Database.opened(url))
    if stop == "appended":
        await _append_and_stay(world)
    await world.sequencing(keys=StoppingKeys(world.keys)).look()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--stop", choices=("sealing", "appended"), required=True)
    asked = parser.parse_args()
    asyncio.run(_run(asked.url, asked.stop))
