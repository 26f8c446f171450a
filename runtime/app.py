"""Serve the platform: `uvicorn runtime.app:app`.

So far it has the part that needs no storage: environments, and proposals for evaluation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import entry_points, version
from typing import Final

from fastapi import FastAPI

from runtime.agent.patience import PATIENT
from runtime.bootstrap import open_chat_model
from runtime.entrypoints.rest import environments, health, problems, proposals
from runtime.entrypoints.rest.body import BodyCaps
from runtime.entrypoints.rest.door import Door
from runtime.entrypoints.rest.evaluator import Asking, Evaluator
from runtime.kit.clock import SystemClock
from runtime.ports.model_reference import parse_model_reference
from runtime.ports.offline_provider import OfflineProvider
from runtime.settings import ServiceSettings

OFFLINE_GROUP: Final = "plangate.models"
"""Entry points under which distributions offer models that answer inside this process."""


def create_app(settings: ServiceSettings, *, body_caps: BodyCaps | None = None) -> FastAPI:
    """Return the app; its model is opened when it starts, and a wrong one keeps it from starting.

    Args:
        settings: what the environment says.
        body_caps: bounds of a request's body.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        asking = _asking(settings)
        app.state.evaluator = Evaluator(asking)
        yield
        if asking.model is not None:
            await asking.model.close()

    app = FastAPI(
        title="Plangate",
        version=version("plangate"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.door = Door(token=settings.eval_token)
    app.state.body_caps = body_caps or BodyCaps()
    problems.install(app)
    for router in (health.router, environments.router, proposals.router):
        app.include_router(router)
    return app


def _asking(settings: ServiceSettings) -> Asking:
    monotonic_s = SystemClock().monotonic_s
    if not settings.model:
        return Asking(model=None, monotonic_s=monotonic_s)
    retries = parse_model_reference(settings.model).settings.retries
    return Asking(
        model=open_chat_model(
            settings.model,
            environ=settings.environ,
            offline_providers=_offline_providers(settings.model),
        ),
        monotonic_s=monotonic_s,
        patience=PATIENT if retries is None else replace(PATIENT, retries=retries),
    )


def _offline_providers(reference_text: str) -> Mapping[str, OfflineProvider]:
    """Make the offline model that a reference names, if a distribution offers it; load no other."""
    reference = parse_model_reference(reference_text)
    if not reference.offline:
        return {}
    found = entry_points(group=OFFLINE_GROUP, name=reference.model_name)
    return {item.name: item.load()() for item in found}


app = create_app(ServiceSettings.read())
