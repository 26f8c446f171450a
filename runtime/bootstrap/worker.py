"""Be a worker: take messages from the queue, run their jobs, and end without losing any.

`plangate worker` is this. Should the process die instead, its leases end, and others have its jobs.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client import start_http_server

from runtime.adapters.celery.consumer import JobConsumer
from runtime.bootstrap import isolated_child
from runtime.bootstrap.collector import settle_collector
from runtime.bootstrap.isolated import Isolated, IsolatedPace
from runtime.bootstrap.plugins import PluginFigures
from runtime.bootstrap.running import OpenRunning, open_running
from runtime.bootstrap.told_to_end import ToldToEnd, end_with_parent, told_to_end
from runtime.bootstrap.watchdog import Watchdog
from runtime.bootstrap.webhook_figures import WebhookFigures
from runtime.bootstrap.webhooks import Webhooks, delivering
from runtime.bootstrap.worker_log import WorkerLog
from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import SystemClock
from runtime.ports.job_queue import JobMessage
from runtime.settings import ServiceSettings, SettingsError
from runtime.store.job_backlog import none_left
from runtime.telemetry import Metrics, configure_logging

FINE: Final = 0
LOOK_S: Final = 0.5
HELD_FOR_EACH: Final = 5
"""Jobs in hand for each that runs, so that those of one organization keep no others out."""
ACKNOWLEDGING_S: Final = 2.0
"""How long what is over may take to be acknowledged in the end."""
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Say how a worker works.

    Attributes:
        at_once: how many jobs it runs at a time.
        alone: how many processes it has for jobs that run alone.
        grace_s: how long jobs may take to end when it is told to.
        drain: whether it ends once nobody's jobs wait or run.
        with_parent: whether it ends when its standard input does.
        most_memory_mb: it ends in order once it takes more; None: it may take what there is.
        metrics_port: where this machine reads its figures; None: nowhere.
    """

    at_once: int = 200
    alone: int = 2
    grace_s: float = 30.0
    drain: bool = False
    with_parent: bool = False
    most_memory_mb: int | None = None
    metrics_port: int | None = None


async def work(
    settings: ServiceSettings, options: WorkerOptions, *, say: Callable[[str], None]
) -> int:
    """Work until told to end, and return the exit code.

    Args:
        settings: what the environment says.
        options: what the command says.
        say: tells a person what the log tells a machine.

    Raises:
        SettingsError: a setting is missing or can't be used.
        DomainError: the database, the broker's address, a plugin or a model can't be used.
    """
    configure_logging(level=settings.edge.log_level)
    clock, name, metrics = SystemClock(), worker_name(), Metrics()
    log = WorkerLog(name, measures=metrics.jobs, say=say)
    watchdog = Watchdog(limit_s=settings.work.watchdog_s, clock=clock, tell=log.stuck)
    async with AsyncExitStack() as stack:
        told = stack.enter_context(told_to_end())
        stack.enter_context(watchdog.watching())
        if options.metrics_port is not None:
            stack.enter_context(_figures_shown(metrics, port=options.metrics_port))
        opened = await stack.enter_async_context(
            open_running(
                settings, clock=clock, metrics=metrics, worker=name, at_once=options.at_once
            )
        )
        webhooks = await stack.enter_async_context(
            delivering(
                settings,
                opened.platform.database,
                clock=clock,
                measures=WebhookFigures(metrics.registry),
                worker=name,
            )
        )
        PluginFigures(metrics.registry).tell()
        settle_collector()
        worker = _Worker(settings, options, opened=opened, webhooks=webhooks, name=name, log=log)
        await worker.work(told)
    log.ended()
    return FINE


def worker_name() -> str:
    """Return a name that no other process ever has."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(6)}"


class _Worker:
    """Hold the parts of one worker."""

    def __init__(
        self,
        settings: ServiceSettings,
        options: WorkerOptions,
        *,
        opened: OpenRunning,
        webhooks: Webhooks,
        name: str,
        log: WorkerLog,
    ) -> None:
        broker = settings.broker_url
        self._options = options
        self._opened = opened
        self._webhooks = webhooks
        self._name = name
        self._log = log
        self._isolated = Isolated(
            isolated_child.command,
            worker=name,
            environ=settings.environ,
            tell=log.lost_alone,
            pace=IsolatedPace(at_once=options.alone, grace_s=min(options.grace_s, 10.0)),
        )
        self._consumer = JobConsumer(
            "" if broker is None else broker.get_secret_value(),
            self._handle,
            tell=log.heard,
            most_jobs=HELD_FOR_EACH * options.at_once,
        )

    async def work(self, told: ToldToEnd) -> None:
        """Take messages until told to end; then let end what runs."""
        self._consumer.start()
        watching = [asyncio.create_task(watch) for watch in self._watches(told)]
        try:
            await told.orderly.wait()
            self._log.ending(told.why)
            await self._end(told)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)

    async def _handle(self, message: JobMessage) -> None:
        if message.alone:
            await self._isolated.run(message)
        else:
            await self._opened.running.run(message.organization_id, message.job_ids)

    def _watches(self, told: ToldToEnd) -> list[Coroutine[Any, Any, None]]:
        options = self._options
        found = [self._tell_when_ready()]
        if options.with_parent:
            found.append(end_with_parent(told))
        if options.drain:
            found.append(self._end_when_drained(told))
        if options.most_memory_mb is not None:
            found.append(_end_when_large(told, most_mb=options.most_memory_mb))
        return found

    async def _tell_when_ready(self) -> None:
        while not self._consumer.connected:  # noqa: ASYNC110  # another thread connects
            await asyncio.sleep(0.02)
        self._log.ready()

    async def _end_when_drained(self, told: ToldToEnd) -> None:
        """End once no job waits or runs anywhere."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._consumer.carrying or self._opened.running.running:
                continue
            with suppress(StorageUnavailableError):
                if await none_left(self._opened.platform.database, worker=self._name):
                    told.end("nothing is left to do")
                    return

    async def _end(self, told: ToldToEnd) -> None:
        """End in order: take nothing, let end what runs, give back the rest, acknowledge."""
        running, grace_s = self._opened.running, self._options.grace_s
        hurry = asyncio.create_task(_when(told.hurried, self._hurry))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._consumer.pause())
            group.create_task(running.close(grace_s=grace_s))
            group.create_task(self._webhooks.close(grace_s=grace_s))
            group.create_task(self._isolated.close())
        hurry.cancel()
        await asyncio.wait({hurry})
        with suppress(TimeoutError):
            async with asyncio.timeout(ACKNOWLEDGING_S):
                while self._consumer.carrying:  # noqa: ASYNC110  # another thread acknowledges
                    await asyncio.sleep(0.02)
        await self._consumer.close()

    async def _hurry(self) -> None:
        """Wait for nothing that runs."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._opened.running.close(grace_s=0))
            group.create_task(self._webhooks.close(grace_s=0))


@contextmanager
def _figures_shown(metrics: Metrics, *, port: int) -> Iterator[None]:
    """Let Prometheus on this machine read the figures while the block runs.

    Raises:
        SettingsError: the port can't be listened on.
    """
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=metrics.registry)
    except OSError as error:
        raise SettingsError(
            f"port {port} of 127.0.0.1 can't be listened on: {error.strerror}; "
            "name another with --metrics-port"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def _when(event: asyncio.Event, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await event.wait()
    await act()


async def _end_when_large(told: ToldToEnd, *, most_mb: int) -> None:
    """End once this process takes more memory than it may: another one begins anew."""
    while memory_mb() <= most_mb:  # noqa: ASYNC110  # the system tells nobody
        await asyncio.sleep(LOOK_S)
    told.end(f"it takes more than {most_mb} MB")


def memory_mb() -> float:
    """Return what this process takes of the machine's memory; elsewhere than on Linux, at most."""
    if _STATM.exists():
        pages = int(_STATM.read_text().split()[1])
        return pages * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
