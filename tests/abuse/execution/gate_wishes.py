"""Hold one valid request for each mutating route of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish
from tests.gate_reports import ENVIRONMENT, MODEL, a_report


async def _gate(app: RealApp, who: Acting) -> Wish:
    report = a_report(run=f"run_{next(app.numbers)}")
    return Wish(
        path=f"/v1/organizations/{who.organization}/gates",
        document={"model": MODEL, "environment": ENVIRONMENT, "report": report},
        token=who.token,
    )


async def _link(app: RealApp, who: Acting) -> Wish:
    del app
    path = f"/v1/organizations/{who.organization}/evaluations:link"
    return Wish(path=path, token=who.token)


OF_GATES: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", "/v1/organizations/{organization_id}/gates"): _gate,
        ("POST", "/v1/organizations/{organization_id}/evaluations:link"): _link,
    }
)
