"""List the environments of the installed plugins, with what must be equal to compare results."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from runtime.entrypoints.rest.body import GuardedRoute
from runtime.entrypoints.rest.evaluator import Evaluator
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.sandbox import Sandbox

router = APIRouter(
    prefix="/v1/environments", tags=["environments"], route_class=GuardedRoute, responses=PROBLEMS
)


class ComparabilityOut(BaseModel):
    """Repeat what decides which runs may be compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry: str
    prompt: str
    plugin: str
    policy: str

    @classmethod
    def of(cls, sandbox: Sandbox) -> ComparabilityOut:
        """Read it off a sandbox."""
        return cls.model_validate(dict(sandbox.comparability))


class EnvironmentOut(BaseModel):
    """Describe one environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    comparability: ComparabilityOut


class EnvironmentPage(BaseModel):
    """Hold environments, all of them: there are as many as plugins declare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[EnvironmentOut, ...]
    next_cursor: str | None = None


@router.get("")
async def list_environments(request: Request) -> EnvironmentPage:
    """Return every environment with its digests."""
    evaluator: Evaluator = request.app.state.evaluator
    return EnvironmentPage(
        items=tuple(
            EnvironmentOut(
                id=name,
                title=sandbox.environment.title,
                comparability=ComparabilityOut.of(sandbox),
            )
            for name, sandbox in evaluator.sandboxes.items()
        )
    )
