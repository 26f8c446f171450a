"""Hold one valid request for every mutating route of models."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish


async def _of_organization(app: RealApp, who: Acting) -> Wish:
    return Wish(
        path=f"/v1/organizations/{who.organization}/models",
        document={"daily_tokens": next(app.numbers)},
        token=who.token,
    )


async def _of_project(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    return Wish(
        path=f"/v1/projects/{project['id']}/models",
        document={"models": ["plangate/keyword"], "daily_tokens": next(app.numbers)},
        token=who.token,
    )


OF_MODELS: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("PUT", "/v1/organizations/{organization_id}/models"): _of_organization,
        ("PUT", "/v1/projects/{project_id}/models"): _of_project,
    }
)
