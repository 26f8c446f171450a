"""Say that the process answers, whether what it depends on does, and how much it does.

Live and ready are two questions: a process without its database is live, and not to be restarted.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, SecretStr

from runtime.entrypoints.rest.door import from_here
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.services.readiness import Found, Readiness
from runtime.telemetry import METRICS_TYPE, Metrics

router = APIRouter(prefix="/v1", tags=["health"])


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HealthOut(_Wire):
    """Say how it goes."""

    status: Literal["live"] = "live"


class DependencyOut(_Wire):
    """Say how one dependency answers."""

    status: Literal["up", "degraded", "down"]
    latency_ms: float


class ReadinessOut(_Wire):
    """Say whether requests can be served."""

    status: Literal["ready", "not_ready"]
    dependencies: dict[str, DependencyOut]


@router.get("/healthz")
async def read_health() -> HealthOut:
    """Return that the process is live; open to everybody."""
    return HealthOut()


async def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


@router.get("/readyz", responses={503: {"model": ReadinessOut}})
async def read_readiness(
    response: Response, readiness: Annotated[Readiness, Depends(_readiness)]
) -> ReadinessOut:
    """Return whether each dependency answers; open to everybody, and silent about why not."""
    found = await readiness.found()
    ready = all(dependency.up for dependency in found.values())
    if not ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return ReadinessOut(
        status="ready" if ready else "not_ready",
        dependencies={
            name: DependencyOut(status=_status(dependency), latency_ms=dependency.latency_ms)
            for name, dependency in found.items()
        },
    )


def _status(found: Found) -> Literal["up", "degraded", "down"]:
    if not found.up:
        return "down"
    return "degraded" if found.degraded else "up"


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **PROBLEMS},
)
async def read_metrics(request: Request) -> Response:
    """Return the figures of this process, to this machine or to whoever brings the token."""
    _admit(request)
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.exposition(), headers={"Content-Type": METRICS_TYPE})


def _admit(request: Request) -> None:
    token: SecretStr | None = request.app.state.metrics_token
    if token is None:
        if from_here(request):
            return
        raise ProblemError(
            ProblemCode.METRICS_CLOSED,
            "figures are open to this machine only, because the platform has no "
            "PLANGATE_METRICS_TOKEN; set it there, and send it as a bearer token",
        )
    scheme, _, brought = request.headers.get("authorization", "").partition(" ")
    expected = token.get_secret_value().encode()
    same = hmac.compare_digest(brought.strip().encode(), expected)
    if scheme.lower() != "bearer" or not same:
        raise ProblemError(
            ProblemCode.TOKEN_REFUSED,
            "no bearer token, or another one than the platform's PLANGATE_METRICS_TOKEN",
        )
