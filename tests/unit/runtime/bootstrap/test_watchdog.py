"""An event loop that stands still is noticed from outside of it, and what keeps it is told."""

from __future__ import annotations

import asyncio
import threading

from typing_extensions import override

from runtime.bootstrap.watchdog import STUCK, Stuck, Watchdog
from runtime.domain.job import BegunJob, JobKind
from runtime.kit.clock import SystemClock

PATIENCE_S = 20.0


class Told:
    """Note what a watchdog tells, and how it ends the process."""

    def __init__(self) -> None:
        self.stuck: list[Stuck] = []
        self.codes: list[int] = []
        self.ended = threading.Event()

    def end(self, code: int) -> None:
        """Note an end."""
        self.codes.append(code)
        self.ended.set()


def a_job() -> BegunJob:
    """Build a job that runs."""
    return BegunJob(
        organization_id="org_01KDVDNA000000000000000000",
        id="job_01KDVDNA000000000000000000",
        project_id="prj_1",
        kind=JobKind.EFFECT,
        name="box.label",
        principal_id="mem_1",
        credential_id="tok_1",
        payload="{}",
        worker="w",
        attempt=1,
        errors=0,
        crashes=0,
    )


async def test_what_keeps_the_loop_is_told_before_the_process_ends() -> None:
    """Which job the code at work runs, and where it is."""
    told = Told()
    watchdog = Watchdog(limit_s=0.3, clock=SystemClock(), tell=told.stuck.append, end=told.end)

    def foreign_code(job: BegunJob) -> None:
        assert told.ended.wait(PATIENCE_S), job

    with watchdog.watching():
        foreign_code(a_job())

    (stuck,) = told.stuck
    assert stuck.still_s > 0.3
    assert stuck.jobs == (a_job().id,)
    assert any("foreign_code" in line for line in stuck.where)
    assert told.codes == [STUCK]


async def test_a_loop_that_goes_on_is_left_alone() -> None:
    """However long its tasks take."""
    told = Told()
    watchdog = Watchdog(limit_s=0.2, clock=SystemClock(), tell=told.stuck.append, end=told.end)

    with watchdog.watching():
        await asyncio.sleep(0.6)  # three times the limit, in which the loop is free

    assert told.codes == []


class JumpingClock(SystemClock):
    """Let a minute pass between two looks of a watchdog, as a machine does that paused."""

    def __init__(self) -> None:
        self.looks = 0
        self.enough = threading.Event()

    @override
    def monotonic_s(self) -> float:
        """Return the time; the watchdog's second look is a minute later."""
        if threading.current_thread().name == "plangate-watchdog":
            self.looks += 1
            if self.looks > 4:
                self.enough.set()
        return super().monotonic_s() + (60.0 if self.looks > 2 else 0.0)


async def test_a_machine_that_paused_is_no_loop_that_hangs() -> None:
    """Nothing ran meanwhile, and the loop has to be given its time again."""
    told, clock = Told(), JumpingClock()
    watchdog = Watchdog(limit_s=5.0, clock=clock, tell=told.stuck.append, end=told.end)

    with watchdog.watching():
        assert clock.enough.wait(PATIENCE_S)  # the loop does not go on meanwhile

    assert told.codes == []
