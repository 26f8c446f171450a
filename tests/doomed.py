"""Run a strict process that is killed, or whose sink is harmed, at a certain moment."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from typing_extensions import override

from runtime.domain.caller import Caller
from runtime.domain.errors import AuditUnavailableError
from runtime.domain.shared_use import Counter
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import Receipt, SinkObject
from runtime.services.audit.copying import Copying
from runtime.services.execution.commits import Commits
from runtime.store.executions import Commit
from runtime.store.session import Database, PoolSizes
from tests.execution import World, an_increment, opened
from tests.strict import CountingCopies, a_copying
from tests.worm import Fault, WormFiles

PLANS: Final = 4
WAVES: Final = 2
POOLS: Final = PoolSizes(direct=2, general=2)


class Death(StrEnum):
    """Say when a process is killed."""

    NEVER = "never"
    BEFORE_COPY = "before the copy"
    HALF_A_COPY = "with half a copy"
    AFTER_COPY = "between copy and commit"
    AFTER_COMMIT = "between commit and answer"
    ANY_TIME = "at any time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Say what one run has to bear.

    Attributes:
        folder: of the sink.
        at: the how-manieth object or commit the process is killed at, or is harmed from on.
        fault: what is wrong with the sink then.
        objects: for how many objects.
        delay_s: when it is killed that is killed at any time.
    """

    caller: Caller
    project_id: str
    folder: Path
    death: Death
    fault: Fault
    at: int
    objects: int
    delay_s: float


def die() -> NoReturn:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # not reached


class DoomedSink(WormFiles):
    """Be harmed, or kill the process, at a certain object."""

    def __init__(self, folder: Path, course: Course) -> None:
        super().__init__(folder)
        self._course = course

    @override
    async def put(self, obj: SinkObject) -> Receipt:
        """Keep a copy, unless it is the one."""
        course, number = self._course, self.puts
        doomed = number == course.at
        if doomed and course.death is Death.BEFORE_COPY:
            die()
        if doomed and course.death is Death.HALF_A_COPY:
            self.fault = Fault.TRUNCATES
            try:
                await super().put(obj)
            finally:
                die()
        harmed = course.at <= number < course.at + course.objects
        self.fault = course.fault if harmed else Fault.NONE
        receipt = await super().put(obj)
        if doomed and course.death is Death.AFTER_COPY:
            die()
        return receipt


class DoomedCommits(Commits):
    """Kill the process between a certain commit and its answer."""

    def __init__(self, database: Database, *, copies: Copying, course: Course) -> None:
        super().__init__(database, copies=copies)
        self._course = course
        self._number = 0

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Commit, unless it is the one."""
        counted = await super().write(group)
        if self._number == self._course.at and self._course.death is Death.AFTER_COMMIT:
            die()
        self._number += 1
        return counted


async def executing(course: Course, *, database_url: str, redis_url: str, told: int) -> None:
    """Execute plans as a process of the platform does, and tell what each came to.

    Args:
        course: what it has to bear.
        database_url: under the app's role.
        redis_url: for leases and rates.
        told: a pipe that takes a line for each plan: `done` and the outcome's id, or `refused -`.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await Database.opened(database_url, sizes=POOLS)
        stack.push_async_callback(database.close)
        sink = DoomedSink(course.folder, course)
        _, copying = a_copying(
            database, [sink], clock=clock, measures=CountingCopies(), put_within_s=0.3
        )
        world = await opened(
            stack,
            database,
            redis_url,
            caller=course.caller,
            project_id=course.project_id,
            commits=DoomedCommits(database, copies=copying, course=course),
        )
        for _ in range(WAVES):
            async with asyncio.TaskGroup() as group:
                for _ in range(PLANS):
                    group.create_task(_executed(world, told))


async def _executed(world: World, told: int) -> None:
    try:
        outcome = await world.execute(an_increment())
    except AuditUnavailableError:
        os.write(told, b"refused -\n")
    else:
        os.write(told, f"done {outcome['id']}\n".encode())
