"""Be a process in which one job runs at a time; `bootstrap.isolated` starts it and writes to it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO, Final

from runtime.bootstrap.isolated import AGAIN, DONE, READY
from runtime.bootstrap.plugins import handed_plugins, take_plugins
from runtime.bootstrap.running import open_running
from runtime.bootstrap.secret_settings import resolved
from runtime.bootstrap.told_to_end import standard_input, told_to_end
from runtime.bootstrap.watchdog import Watchdog
from runtime.bootstrap.worker_log import WorkerLog
from runtime.domain.errors import DomainError
from runtime.kit.clock import SystemClock
from runtime.ports.job_queue import JobMessage
from runtime.services.jobs.measures import UnmeasuredJobs
from runtime.services.jobs.running import Running
from runtime.settings import ServiceSettings, SettingsError
from runtime.telemetry import Metrics, configure_logging

PROGRAM: Final = "import sys; from runtime.bootstrap.isolated_child import main; main(sys.argv[1:])"
BROKEN: Final = 4
GRACE_S: Final = 5.0
LEASES: Final = 2


def command(worker: str) -> Sequence[str]:
    """Return what starts such a process under a name; it probes no plugin that is served here."""
    return (sys.executable, "-c", PROGRAM, worker, handed_plugins())


def main(arguments: Sequence[str]) -> None:
    """Run until the standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what handlers print is no answer
    worker, plugins = arguments
    take_plugins(plugins)
    try:
        asyncio.run(serve(worker, answers))
    except (SettingsError, DomainError) as error:
        WorkerLog(worker, measures=UnmeasuredJobs()).broken(str(error))
        sys.exit(BROKEN)


async def serve(worker: str, answers: BinaryIO) -> None:
    """Do what the standard input asks for, until it ends."""
    settings, clock, metrics = ServiceSettings.read(resolve=resolved), SystemClock(), Metrics()
    configure_logging(level=settings.edge.log_level)
    log = WorkerLog(worker, measures=metrics.jobs)
    # It has one job: once its loop has stood still for two leases, that is another's long since.
    limit_s = min(settings.work.watchdog_s, LEASES * settings.work.job_lease_s)
    watchdog = Watchdog(limit_s=limit_s, clock=clock, tell=log.stuck)
    with told_to_end(ignored=(signal.SIGINT,)) as told, watchdog.watching():
        opening = open_running(
            settings, clock=clock, metrics=metrics, worker=worker, at_once=1, keeps_going=False
        )
        async with opening as opened:
            reading = asyncio.create_task(_read_on(opened.running, answers))
            ending = asyncio.create_task(told.orderly.wait())
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            await opened.running.close(grace_s=GRACE_S)
            for task in (reading, ending):
                task.cancel()
            await asyncio.wait({reading, ending})
            if not reading.cancelled():
                reading.result()


async def _read_on(running: Running, answers: BinaryIO) -> None:
    """Do one message after the other, until there are no more.

    The reader is asked on while a job runs, so that its end ends the job.
    """
    reader = await standard_input()
    answers.write(READY)
    line = await reader.readline()
    while line:
        message = JobMessage.read(line)
        doing = asyncio.create_task(_done(running, message))
        coming = asyncio.create_task(reader.readline())
        await asyncio.wait({doing, coming}, return_when=asyncio.FIRST_COMPLETED)
        if coming.done() and not coming.result():
            await running.close(grace_s=GRACE_S)
        answers.write(await doing)
        line = await coming


async def _done(running: Running, message: JobMessage) -> bytes:
    try:
        await running.run(message.organization_id, message.job_ids)
    except DomainError:
        return AGAIN
    return DONE
