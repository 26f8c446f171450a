"""Kill strict processes and harm their sink, again and again, and judge what was acknowledged.

Each run is a process of its own that executes plans of a strict organization, and tells of each
that is acknowledged. It is killed with signal 9 at a drawn moment (before its sink has a copy, with
half of one, between copy and commit, between commit and answer, or whenever), or its sink is down,
slow, truncates, or drops what it took. Then records are numbered, copies are compared, and a judge
that uses neither holds every acknowledged execution against log, stored receipts and sink.
Run it with `python -m tests.bench.audit_chaos --runs 1000`; it ends with 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.domain.caller import Caller
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store.audit_settings import put_audit_settings
from runtime.store.session import Database
from tests.copy_judge import kept_in, verdict
from tests.database import DatabaseServer, DatabaseUrls, session
from tests.doomed import POOLS, Course, Death, executing
from tests.execution import a_caller, a_project
from tests.servers.redis_server import redis_server
from tests.strict import CountingCopies, a_copying, a_reconciling, number_all
from tests.worm import Fault, WormFiles

JUDGED_EVERY: Final = 25
FAULTS: Final = (Fault.DOWN, Fault.SLOW, Fault.TRUNCATES, Fault.DROPS, Fault.OTHER)


@dataclass(slots=True)
class Tally:
    """Hold what all runs came to."""

    runs: int = 0
    acknowledged: int = 0
    refused: int = 0
    records: int = 0
    orphans: int = 0
    changed: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Hold where all runs take place."""

    urls: DatabaseUrls
    redis_url: str
    folder: Path
    chance: Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Hold what is judged together: some runs of one organization, with one sink.

    Attributes:
        projects: one a run, so that none waits for the lease of one that was killed.
        done: outcomes that were acknowledged.
    """

    caller: Caller
    folder: Path
    projects: Sequence[str]
    done: set[str] = field(default_factory=set)


def harmed(ground: Ground, batch: Batch, course: Course, *, tally: Tally) -> None:
    """Do one run in a child, kill it if it does not do so itself, and note what it told."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        try:
            asyncio.run(
                executing(
                    course,
                    database_url=ground.urls.app_url,
                    redis_url=ground.redis_url,
                    told=told,
                )
            )
            os._exit(0)
        except Exception:  # noqa: BLE001  # the child ends here, whatever it is
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(told)
    if course.death is Death.ANY_TIME:
        time.sleep(course.delay_s)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(heard, "rb") as pipe:
        lines = pipe.read().decode().split("\n")[:-1]
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status)
    if not killed and os.WEXITSTATUS(status):
        tally.problems.append(f"a process ended with {os.WEXITSTATUS(status)}: {course}")
    tally.runs += 1
    tally.deaths[course.death if killed else "lived"] += 1
    tally.faults[course.fault] += 1
    batch.done.update(line.split()[1] for line in lines if line.startswith("done"))
    tally.refused += sum(line.startswith("refused") for line in lines)


async def founded(ground: Ground, number: int, *, runs: int) -> Batch:
    """Make a strict organization with a project for each run."""
    caller = a_caller(Ids(SystemClock()))
    database = await Database.opened(ground.urls.app_url, sizes=POOLS)
    projects = [await a_project(database, caller) for _ in range(runs)]
    async with database.transaction(caller.organization_id) as connection:
        await put_audit_settings(
            connection,
            caller.organization_id,
            strict=True,
            keep_days=None,
            changed_by=caller.member_id,
            now=SystemClock().now() - timedelta(minutes=5),
        )
    await database.close()
    return Batch(caller=caller, folder=ground.folder / f"sink{number}", projects=projects)


async def judge(ground: Ground, batch: Batch, tally: Tally) -> None:
    """Number and compare, then look for what was acknowledged or marked wrongly."""
    clock, measures = SystemClock(), CountingCopies()
    sink = WormFiles(batch.folder)
    database = await Database.opened(ground.urls.app_url, sizes=POOLS)
    copy_sinks, _ = a_copying(database, [sink], clock=clock, measures=measures)
    await number_all(database, clock)
    found = await a_reconciling(
        database, [sink], copy_sinks=copy_sinks, measures=measures
    ).reconcile()
    await database.close()
    tally.acknowledged += len(batch.done)
    tally.orphans += found.orphans
    tally.changed += found.changed
    tally.records += found.records
    if found.missing or found.broken_off:
        tally.problems.append(f"the reconciler found {found}")
    async with session(ground.urls.superuser_url) as superuser:
        tally.problems += await verdict(
            superuser, batch.caller.organization_id, done=batch.done, kept=kept_in(sink)
        )


def drawn(chance: Random, batch: Batch, project_id: str) -> Course:
    """Draw what a run has to bear: a death, a fault, or both."""
    death = chance.choice(list(Death))
    fault = chance.choice(FAULTS) if death is Death.NEVER or chance.random() < 0.3 else Fault.NONE
    return Course(
        caller=batch.caller,
        project_id=project_id,
        folder=batch.folder,
        death=death,
        fault=fault,
        at=chance.randrange(3),
        objects=chance.randint(1, 4),
        delay_s=chance.uniform(0.05, 0.5),
    )


def campaign(ground: Ground, runs: int) -> Tally:
    """Do all runs, and judge them batch by batch."""
    tally = Tally()
    for number, first in enumerate(range(0, runs, JUDGED_EVERY)):
        batch = asyncio.run(founded(ground, number, runs=min(JUDGED_EVERY, runs - first)))
        for project_id in batch.projects:
            harmed(ground, batch, drawn(ground.chance, batch, project_id), tally=tally)
        asyncio.run(judge(ground, batch, tally))
        print(f"{tally.runs:>6} runs, {len(tally.problems)} problems", flush=True)
    return tally


@contextmanager
def a_ground(seed: int) -> Iterator[Ground]:
    """Run a database and a Redis."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        redis_server() as redis_url,
    ):
        server = DatabaseServer(server=postgres)
        server.prepare()
        with server.migrated() as urls:
            yield Ground(
                urls=urls,
                redis_url=redis_url,
                folder=Path(folder) / "sinks",
                chance=Random(seed),
            )


def main() -> None:
    """Do so many runs, and print what they came to."""
    parser = argparse.ArgumentParser(description="Kill strict processes, and judge what is left.")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began_s = time.perf_counter()
    with a_ground(given.seed) as ground:
        tally = campaign(ground, given.runs)
    print(f"{tally.runs} runs in {time.perf_counter() - began_s:.0f} s")
    print(f"acknowledged {tally.acknowledged}, refused {tally.refused}, recorded {tally.records}")
    print(f"orphans marked {tally.orphans}, broken objects {tally.changed}")
    print(f"deaths: {dict(tally.deaths)}; faults: {dict(tally.faults)}")
    for problem in tally.problems:
        print(f"PROBLEM: {problem}")
    if tally.problems:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
