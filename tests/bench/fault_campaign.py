"""Harm a deployment again and again while clients work, and judge every history by what they saw.

Two replicas over HTTP on a durable Postgres and a Redis; each leg works in projects of its own and
is judged when it ends: what is stored is exactly what was acknowledged, the history is one line,
its replay verifies, and what clients saw could have happened one operation at a time.
Run it with `python -m tests.bench.fault_campaign --rounds 200 --only freezes`, or without `--only`
for every kind of harm; it ends with 1 when anything was violated.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

from redis.asyncio import Redis

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from tests.database import DatabaseServer
from tests.integration.faults.calls import Calls
from tests.integration.faults.history import judged
from tests.integration.faults.linearizable import violations
from tests.integration.faults.load import Load, under_load
from tests.integration.faults.nemesis import freeze_holders, kill_replicas
from tests.integration.faults.postgres_faults import all_ended, backend_killed, crashed
from tests.integration.faults.redis_faults import FORGETFUL, UNAVAILABLE
from tests.integration.faults.site import Site, Tenant, a_site, faults_logged

LEG: Final = 5
"""Rounds in one project; its counter holds 10,000."""
PACE_S: Final = 0.01
DEATHS_APART_S: Final = 13.0
"""A server that dies more often than five times a minute is given up by its supervisor."""
LONGEST_S: Final = 12.5
RECOVERED_WITHIN_S: Final = 30.0


@dataclass(kw_only=True)
class Report:
    """Hold the figures of one kind of harm, and what should not have happened."""

    name: str
    rounds: int = 0
    acts: int = 0
    ops: int = 0
    longest_s: float = 0.0
    notes: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def note(self, name: str, value: float) -> None:
        """Add to a figure."""
        self.notes[name] = self.notes.get(name, 0) + value

    def worst(self, name: str, value: float) -> None:
        """Keep the largest of a figure."""
        self.notes[name] = max(self.notes.get(name, 0), value)

    def line(self) -> str:
        """Return the figures as a row."""
        notes = ", ".join(f"{name} {value:.4g}" for name, value in self.notes.items())
        return (
            f"{self.name:<12} {self.rounds:>7} {self.acts:>9} {self.ops:>9} "
            f"{self.longest_s:>9.2f} {len(self.problems):>9}  {notes}"
        )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Hold where harm is done."""

    site: Site
    postgres: EmbeddedPostgres
    chance: Random

    @asynccontextmanager
    async def leg(
        self, report: Report, *, projects: int = 1, clients: int = 8, within_s: float = LONGEST_S
    ) -> AsyncIterator[Leg]:
        """Keep clients busy in new projects while the block runs, then judge what is stored."""
        await self.site.mend()
        tenant = await self.site.found()
        named = [await self.site.project(tenant, f"p{number}") for number in range(projects)]
        async with self.site.calls(tenant.token) as calls:
            async with under_load(
                calls, named, clients=clients, readers=2, within_s=within_s, pace_s=PACE_S
            ) as load:
                yield Leg(tenant=tenant, project=named[0], load=load, calls=calls)
            await self.site.mend()
            for project in named:
                acts, ops = load.acts[project], load.ops(project)
                report.problems += await judged(self.site.urls, calls, project, acts)
                report.problems += violations(ops)
                report.acts += len(acts)
                report.ops += len(ops)
            report.longest_s = max(report.longest_s, calls.longest_s)
            if calls.longest_s > LONGEST_S:
                report.problems.append(f"a request took {calls.longest_s:.1f} s")
        report.problems += [f"logged: {line[:300]}" for line in faults_logged(self.site.servers)]
        for server in self.site.servers:
            server.log.clear()


@dataclass(frozen=True, kw_only=True)
class Leg:
    """Hold what a leg works with."""

    tenant: Tenant
    project: str
    load: Load
    calls: Calls


def legs(rounds: int) -> Iterator[int]:
    """Yield how many rounds each leg has."""
    while rounds > 0:
        yield min(LEG, rounds)
        rounds -= LEG


async def freezes(ground: Ground, report: Report, rounds: int) -> None:
    """Freeze whoever holds the project, for three lease times."""
    for some in legs(rounds):
        async with ground.leg(report, within_s=0.5) as leg:
            harm = await freeze_holders(
                ground.site, leg.tenant, leg.project, leg.load, rounds=some, chance=ground.chance
            )
            report.rounds += harm.rounds
            report.note("holders", harm.held)
            report.note("served meanwhile", harm.served)
            report.note("rounds without service", harm.starved)
            report.note("fences refused", await fences_refused(leg.calls))


async def kills(ground: Ground, report: Report, rounds: int) -> None:
    """Kill one replica or both with signal 9."""
    for some in legs(rounds):
        async with ground.leg(report, projects=2, clients=32, within_s=2.0) as leg:
            harm = await kill_replicas(ground.site, leg.load, rounds=some, chance=ground.chance)
            report.rounds += harm.rounds
            report.worst("slowest recovery s", max(harm.recoveries_s))


async def redis_outages(ground: Ground, report: Report, rounds: int) -> None:
    """Take Redis away in each way in turn, and give it back."""
    faults = list(UNAVAILABLE.items())
    for some in legs(rounds):
        async with ground.leg(report) as leg:
            for _ in range(some):
                name, (fault, repair) = faults[report.rounds % len(faults)]
                await leg.load.more(20)
                await fault(ground.site.redis)
                await asyncio.sleep(ground.chance.uniform(0.1, 3.0))
                await repair(ground.site.redis)
                recovered_s = await recovery_s(leg.load)
                report.worst("slowest recovery s", recovered_s)
                if recovered_s > RECOVERED_WITHIN_S:
                    report.problems.append(f"{name}: recovered after {recovered_s:.1f} s")
                report.rounds += 1


async def redis_losses(ground: Ground, report: Report, rounds: int) -> None:
    """Let Redis forget everything while leases are held."""
    faults = list(FORGETFUL.values())
    for some in legs(rounds):
        async with ground.leg(report) as leg:
            for _ in range(some):
                await leg.load.more(20)
                await asyncio.sleep(ground.chance.uniform(0, 0.1))
                await faults[report.rounds % len(faults)](ground.site.redis)
                report.rounds += 1
            await leg.load.more(20)
            report.note("fences refused", await fences_refused(leg.calls))


async def postgres_kills(ground: Ground, report: Report, rounds: int) -> None:
    """Kill a session of Postgres with signal 9, and once a leg all of it."""
    for some in legs(rounds):
        async with ground.leg(report) as leg:
            for number in range(some):
                await leg.load.more(20)
                await asyncio.sleep(ground.chance.uniform(0, 0.2))
                if number == 0:
                    report.worst("slowest restart s", await crashed(ground.postgres))
                else:
                    await backend_killed(ground.site.urls)
                report.worst("slowest recovery s", await recovery_s(leg.load))
                report.rounds += 1
            await asyncio.sleep(DEATHS_APART_S)


async def ended_sessions(ground: Ground, report: Report, rounds: int) -> None:
    """End every session of the platform, in whatever it does."""
    for some in legs(rounds):
        async with ground.leg(report, clients=12) as leg:
            for _ in range(10 * some):
                await all_ended(ground.site.urls)
                await asyncio.sleep(ground.chance.uniform(0, 0.05))
            await leg.load.more(12)
            report.rounds += some


async def mixed(ground: Ground, report: Report, rounds: int) -> None:
    """Freeze, kill, flush and end sessions in one history."""
    for some in legs(rounds):
        async with ground.leg(report, within_s=1.0) as leg:
            for _ in range(some):
                await freeze_holders(
                    ground.site, leg.tenant, leg.project, leg.load, rounds=1, chance=ground.chance
                )
                async with Redis.from_url(ground.site.redis.url) as client:
                    await client.flushall()
                await leg.load.more(20)
                await all_ended(ground.site.urls)
                await leg.load.more(20)
                if ground.chance.random() < 1 / 3:
                    await kill_replicas(ground.site, leg.load, rounds=1, chance=ground.chance)
                report.rounds += 1


async def steady(ground: Ground, report: Report, rounds: int) -> None:
    """Do no harm: 64 clients on 8 projects for 20 seconds at a time."""
    for _ in range(max(1, rounds // 30)):
        async with ground.leg(report, projects=8, clients=64) as leg:
            await asyncio.sleep(20.0)
            report.note("executions a second", leg.load.done / 20)
        report.rounds += 1


async def fuzzes(ground: Ground, report: Report, rounds: int) -> None:
    """Send what the API's description allows and what it does not, to every operation."""
    from schemathesis import GenerationMode

    from tests.api.fuzz.fuzzing import fuzz

    tenant = await ground.site.found()
    known = {
        "project_id": await ground.site.project(tenant),
        "organization_id": tenant.id,
        "member_id": tenant.owner,
        "environment": "counter",
    }
    for mode in GenerationMode:
        found = await asyncio.to_thread(
            fuzz,
            ground.site.servers[0].url,
            token=tenant.token,
            known=known,
            mode=mode,
            examples=rounds,
        )
        report.rounds += rounds
        report.acts += found.sent
        report.problems += found.problems
        report.note("operations", len(found.statuses))
    report.problems += [f"logged: {line[:300]}" for line in faults_logged(ground.site.servers)]


Harm = Callable[[Ground, Report, int], Coroutine[None, None, None]]
HARMS: Final[Mapping[str, Harm]] = MappingProxyType(
    {
        "freezes": freezes,
        "kills": kills,
        "outages": redis_outages,
        "losses": redis_losses,
        "crashes": postgres_kills,
        "sessions": ended_sessions,
        "mixed": mixed,
        "steady": steady,
        "fuzzes": fuzzes,
    }
)


async def recovery_s(load: Load) -> float:
    """Return how long it takes until an execution is acknowledged again."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await load.more(len(load.calls.urls), within_s=2 * RECOVERED_WITHIN_S)
    return loop.time() - began_s


async def fences_refused(calls: Calls) -> float:
    """Return how many commits storage refused to holders that were overtaken."""
    refused = 0.0
    for url in calls.urls:
        async with calls.session.get(f"{url}/v1/metrics") as response:
            for line in (await response.text()).splitlines():
                if line.startswith("plangate_fence_rejections_total "):
                    refused += float(line.split()[1])
    return refused


@contextmanager
def a_ground(seed: int) -> Iterator[Ground]:
    """Run everything."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-") as folder,
        EmbeddedPostgres.started(Path(folder)) as postgres,
    ):
        server = DatabaseServer(server=postgres)
        server.prepare()
        with server.migrated() as urls, a_site(urls, lease_ttl_s=0.5) as site:
            yield Ground(site=site, postgres=postgres, chance=Random(seed))


def main() -> None:
    """Do so many rounds of each kind of harm, and print the figures."""
    parser = argparse.ArgumentParser(description="Harm a deployment and judge its histories.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(HARMS), help="kinds, separated by commas")
    given = parser.parse_args()
    print(
        f"{'harm':<12} {'rounds':>7} {'executed':>9} {'seen':>9} {'longest s':>9} {'problems':>9}"
    )
    reports = []
    for name in given.only.split(","):
        began_s = time.perf_counter()
        report = Report(name=name)
        with a_ground(given.seed) as ground:
            asyncio.run(HARMS[name](ground, report, given.rounds))
        report.notes["took s"] = time.perf_counter() - began_s
        print(report.line(), flush=True)
        reports.append(report)
    for report in reports:
        for problem in report.problems:
            print(f"PROBLEM in {report.name}: {problem}")
    if any(report.problems for report in reports):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
