"""Do harm to a deployment while clients work: freeze, kill, take Redis away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random

from tests.integration.faults.load import Load
from tests.integration.faults.site import Site, Tenant


@dataclass(kw_only=True)
class Harm:
    """Count what was done, and how the others went on meanwhile.

    Attributes:
        held: of the frozen or killed replicas, how many held the project's lease.
        served: executions that were acknowledged while a replica was frozen or away.
        starved: rounds in which none was.
    """

    rounds: int = 0
    held: int = 0
    served: int = 0
    starved: int = 0
    recoveries_s: list[float] = field(default_factory=list)


async def freeze_holders(
    site: Site, tenant: Tenant, project_id: str, load: Load, *, rounds: int, chance: Random
) -> Harm:
    """Freeze whoever holds a project, each time for three times as long as a lease lives."""
    harm = Harm()
    for _ in range(rounds):
        await load.more(3)
        await asyncio.sleep(chance.uniform(0, 0.05))
        holder = await site.holder(tenant, project_id)
        victim = holder or chance.choice(site.servers)
        before = load.done
        victim.freeze()
        await asyncio.sleep(3 * site.lease_ttl_s)  # the harm itself, not a wait for anything
        victim.thaw()
        harm.rounds += 1
        harm.held += holder is not None
        harm.served += load.done - before
        harm.starved += load.done == before
    return harm


async def kill_replicas(site: Site, load: Load, *, rounds: int, chance: Random) -> Harm:
    """Kill one replica, or all of them, and start them again."""
    harm = Harm()
    loop = asyncio.get_running_loop()
    for _ in range(rounds):
        await load.more(3)
        await asyncio.sleep(chance.uniform(0, 0.1))
        victims = chance.choice([*((server,) for server in site.servers), site.servers])
        for victim in victims:
            await asyncio.to_thread(victim.kill)
        killed_s = loop.time()
        for victim in victims:
            victim.begin()
        for victim in victims:
            await asyncio.to_thread(victim.start)
        harm.rounds += len(victims)
        await load.more(1)
        harm.recoveries_s.append(loop.time() - killed_s)
    return harm
