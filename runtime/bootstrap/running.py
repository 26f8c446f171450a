"""Open what runs jobs in a process: the platform, the tools of effects, and the one who runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from runtime.adapters.celery.address import broker_url
from runtime.bootstrap.audit_figures import AuditFigures
from runtime.bootstrap.effect_tools import open_effect_tools
from runtime.bootstrap.effects import installed_effects
from runtime.bootstrap.keyed_models import read_model_keys
from runtime.bootstrap.model_figures import ModelFigures
from runtime.bootstrap.platform import OpenPlatform, open_platform
from runtime.bootstrap.process import Process
from runtime.bootstrap.secret_figures import SecretFigures
from runtime.domain.job import JobKind
from runtime.kit.clock import Clock
from runtime.ports.effect import EffectTools
from runtime.services.jobs.effects import EffectRunner
from runtime.services.jobs.measures import JobMeasures
from runtime.services.jobs.plans import PlanRunner
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.relay import RelayPace
from runtime.services.jobs.running import Running, WorkerPace
from runtime.services.secrets.reader import SecretReader
from runtime.settings import ServiceSettings, SettingsError
from runtime.telemetry import Metrics

BESIDE_OTHERS: Final = RelayPace(busy_s=0.25, idle_s=1.0)
"""Who serves requests hands jobs over as they are put; a worker looks after what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRunning:
    """Hold an open platform, and who runs its jobs in this process."""

    platform: OpenPlatform
    running: Running


@asynccontextmanager
async def open_running(
    settings: ServiceSettings,
    *,
    clock: Clock,
    metrics: Metrics,
    worker: str,
    at_once: int,
    keeps_going: bool = True,
) -> AsyncIterator[OpenRunning]:
    """Open everything that running jobs takes; what runs is closed by whoever asked.

    Args:
        settings: with the addresses of a database, of Redis and of a broker.
        clock: the time.
        metrics: told what happens.
        worker: the name of this process, which no other one ever has.
        at_once: how many jobs run at a time.
        keeps_going: as of `Process`.

    Raises:
        SettingsError: a setting is missing or can't be used.
        DomainError: the database, the broker's address, a plugin or a model can't be used.
    """
    if settings.database_url is None:
        raise SettingsError("PLANGATE_DATABASE_URL is not set: there are no jobs to run")
    settings.require_platform()
    broker_url("" if settings.broker_url is None else settings.broker_url.get_secret_value())
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(
            open_platform(
                settings,
                Process(
                    clock=clock,
                    measures=metrics,
                    job_measures=metrics.jobs,
                    secret_figures=SecretFigures(metrics.registry),
                    audit_figures=AuditFigures(metrics.registry),
                    model_measures=ModelFigures(metrics.registry),
                    instance=worker,
                    pace=BESIDE_OTHERS,
                    keeps_going=keeps_going,
                ),
            )
        )
        tools = await stack.enter_async_context(
            _opening_tools(settings, clock=clock, secrets=platform.secrets.reader)
        )
        pace = WorkerPace(lease_s=settings.work.job_lease_s, at_once=at_once)
        parts = _Parts(clock=clock, measures=metrics.jobs, worker=worker, pace=pace)
        yield OpenRunning(platform=platform, running=_running(platform, tools, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Say how jobs are run."""

    clock: Clock
    measures: JobMeasures
    worker: str
    pace: WorkerPace


def _opening_tools(
    settings: ServiceSettings, *, clock: Clock, secrets: SecretReader
) -> AbstractAsyncContextManager[EffectTools]:
    return open_effect_tools(
        settings.work.effects,
        environ=settings.environ,
        clock=clock,
        secrets=secrets,
        keys=read_model_keys(settings.secret_use.model_keys, reader=secrets),
    )


def _running(platform: OpenPlatform, tools: EffectTools, parts: _Parts) -> Running:
    """Wire what runs jobs over what is open."""
    plans = platform.services.plans
    return Running(
        platform.database,
        Reauthorising(
            database=platform.database,
            decisions=platform.decisions,
            judges=platform.judges,
            clock=parts.clock,
        ),
        runners={
            JobKind.EFFECT: EffectRunner(
                installed_effects(),
                tools,
                plans=plans,
                enabled=platform.switches.effect_enabled,
                charged=platform.effect_charges.charged,
            ),
            JobKind.PLAN: PlanRunner(plans),
        },
        worker=parts.worker,
        pace=parts.pace,
        measures=parts.measures,
    )
