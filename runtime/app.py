"""Serve the platform: `uvicorn runtime.app:app`, configured by the environment."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.types import ASGIApp

from runtime.agent.patience import PATIENT
from runtime.bootstrap.audit_figures import AuditFigures
from runtime.bootstrap.collector import settle_collector
from runtime.bootstrap.keyed_models import open_keyed_model, read_model_keys
from runtime.bootstrap.model_figures import ModelFigures
from runtime.bootstrap.models import offline_providers
from runtime.bootstrap.platform import OpenPlatform, open_platform
from runtime.bootstrap.plugins import PluginFigures, find_plugins
from runtime.bootstrap.process import Process
from runtime.bootstrap.secret_figures import SecretFigures
from runtime.bootstrap.secret_settings import resolved
from runtime.bootstrap.secrets import open_reader, secrets_ready
from runtime.entrypoints.graphql.router import Surroundings, graphql_router
from runtime.entrypoints.rest import edge, openapi, problems, routers
from runtime.entrypoints.rest.beside import Beside
from runtime.entrypoints.rest.body import BodyCaps
from runtime.entrypoints.rest.credentials import brought_by, caller_of
from runtime.entrypoints.rest.door import Door
from runtime.entrypoints.rest.edge import EdgeOptions
from runtime.entrypoints.rest.evaluator import Asking, Evaluator
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.short_way import PlatformApp, ShortWay
from runtime.kit.clock import Clock, SystemClock
from runtime.ports.model_reference import parse_model_reference
from runtime.services.readiness import Probe, Readiness, database_probe
from runtime.services.secrets.reader import SecretReader
from runtime.settings import ServiceSettings, quiet_environment
from runtime.telemetry import Metrics, configure_logging

CONSOLE_PATH: Final = "/console"


def create_app(
    settings: ServiceSettings, *, body_caps: BodyCaps | None = None, serves: bool = False
) -> FastAPI:
    """Return the app; what it depends on is opened when it starts, and must be right.

    Without a database's address it evaluates proposals and does nothing else.

    Args:
        settings: what the environment says.
        body_caps: bounds of a request's body.
        serves: the process is there for this app alone, so that its memory is arranged for it.
    """
    clock, metrics = SystemClock(), Metrics()
    serves_platform = settings.database_url is not None
    if serves_platform:
        settings.require_platform()
    settings.require_console()

    app = PlatformApp(
        title="Plangate",
        version=version("plangate"),
        lifespan=_lifespan(settings, clock, metrics, serves=serves),
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.door = Door(token=settings.eval_token)
    app.state.bundle_token = settings.rules.bundle_token
    app.state.body_caps = body_caps or BodyCaps()
    problems.install(app)
    around = edge.install(app, _edge_options(settings), clock=clock, metrics=metrics)
    _route(app, settings, serves_platform=serves_platform)
    app.short_way = ShortWay(app, app.router.routes, edge=around)
    app.state.console = _console(settings)
    if app.state.console is not None:
        app.beside = Beside(CONSOLE_PATH, app.state.console)
    openapi.describe(app)
    return app


def _lifespan(
    settings: ServiceSettings, clock: Clock, metrics: Metrics, *, serves: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return what opens the app's parts when it starts, and closes them when it ends."""
    figures, audit_figures = SecretFigures(metrics.registry), AuditFigures(metrics.registry)
    model_figures = ModelFigures(metrics.registry)
    plugin_figures = PluginFigures(metrics.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(level=settings.edge.log_level)
        await find_plugins(settings)
        plugin_figures.tell()
        async with AsyncExitStack() as stack:
            probes: dict[str, Probe] = {}
            if settings.database_url is None:
                reader = await stack.enter_async_context(
                    open_reader(settings, clock=clock, figures=figures)
                )
            else:
                opened = await stack.enter_async_context(
                    open_platform(
                        settings,
                        Process(
                            clock=clock,
                            measures=metrics,
                            job_measures=metrics.jobs,
                            secret_figures=figures,
                            audit_figures=audit_figures,
                            model_measures=model_figures,
                            instance=_instance(),
                        ),
                    )
                )
                app.state.services = opened.services
                probes = _probes(opened)
                reader = opened.secrets.reader  # it hears of rotations
            asking = await _asking(settings, reader)
            if asking.model is not None:
                stack.push_async_callback(asking.model.close)
            app.state.evaluator = Evaluator(asking)
            app.state.readiness = Readiness(probes, clock)
            stack.push_async_callback(app.state.readiness.close)
            if app.state.console is not None:
                await stack.enter_async_context(app.state.console.living())
            if serves:
                settle_collector()
            yield

    return lifespan


def _probes(opened: OpenPlatform) -> dict[str, Probe]:
    """Return what says whether the parts of an open platform can do their work."""
    probes: dict[str, Probe] = {
        "database": database_probe(opened.database),
        "redis": opened.leases.ready,
        "rates": opened.shared_rates.ready,
        "rules": opened.evaluator.ready,
        "secrets": partial(secrets_ready, opened.secrets.reader),
    }
    if opened.copies is not None:
        probes["audit"] = opened.copies.ready
    return probes


def _route(app: FastAPI, settings: ServiceSettings, *, serves_platform: bool) -> None:
    if serves_platform:  # the busiest routes stand first, where they are found first
        routers.stand_in(app, (routers.BUSIEST, *routers.PLATFORM))
    routers.stand_in(app, routers.EVALUATION)
    if serves_platform:
        routers.stand_in(app, [graphql_router(_surroundings(settings))])


def _surroundings(settings: ServiceSettings) -> Surroundings:
    return Surroundings(
        route_class=PlatformRoute,
        caller_of=caller_of,
        credential_of=lambda request: brought_by(request).text,
        settings=settings.graphql,
    )


def _edge_options(settings: ServiceSettings) -> EdgeOptions:
    public_url = settings.identity.public_url
    return EdgeOptions(
        allowed_origins=settings.edge.allowed_origins,
        rate=settings.edge.request_rate,
        metrics_token=settings.edge.metrics_token,
        https=public_url is not None and public_url.startswith("https://"),
    )


def _instance() -> str:
    return f"{socket.gethostname()[:60]}-{os.getpid()}"


def _console(settings: ServiceSettings) -> ASGIApp | None:
    """Return the console, where it is to be mounted; it asks this server by its own address."""
    if not settings.edge.console:
        return None
    quiet_environment()  # Gradio reads it on import
    from runtime.entrypoints.console.app import create_console  # noqa: PLC0415  # takes seconds
    from runtime.entrypoints.console.place import LOOPBACK, Place, name_of  # noqa: PLC0415  # as above

    public = urlsplit(settings.identity.public_url or "")
    named = {name_of(public.netloc)} if public.netloc else set()
    place = Place(platform=None, hosts=LOOPBACK | named, https=public.scheme == "https")
    return create_console(place)


async def _asking(settings: ServiceSettings, reader: SecretReader) -> Asking:
    monotonic_s = SystemClock().monotonic_s
    if not settings.model:
        return Asking(model=None, monotonic_s=monotonic_s)
    retries = parse_model_reference(settings.model).settings.retries
    return Asking(
        model=await open_keyed_model(
            settings.model,
            environ=settings.environ,
            offline_providers=offline_providers(settings.model),
            keys=read_model_keys(settings.secret_use.model_keys, reader=reader),
        ),
        monotonic_s=monotonic_s,
        patience=PATIENT if retries is None else replace(PATIENT, retries=retries),
    )


app = create_app(ServiceSettings.read(resolve=resolved), serves=True)
