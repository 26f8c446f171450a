"""Say what a request leaves on record, and hold requests of routes that only ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.abuse.execution.hook_wishes import OF_HOOKS
from tests.abuse.execution.real_app import Acting, RealApp, moved
from tests.abuse.execution.wish import Make, Route, Wish
from tests.abuse.execution.wishes import WISHES
from tests.api.app_builder import Answered
from tests.audited import Recorded, recorded

_PROJECT: Final = "/v1/projects/{project_id}"
_RULES: Final = "policies"


async def left_by(app: RealApp, route: Route, wish: Wish) -> tuple[Answered, tuple[Recorded, ...]]:
    """Send a request, and return its answer and the records that it left."""
    before = {item.id for item in await recorded(app.urls.superuser_url)}
    answer = await app.call(route[0], wish.path, wish.document, token=wish.token)
    after = await recorded(app.urls.superuser_url)
    return answer, tuple(item for item in after if item.id not in before)


async def _simulation(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    path = f"/v1/projects/{project['id']}/plans:simulate"
    return Wish(path=path, document=moved(1), token=who.token)


async def _hook_trial(app: RealApp, who: Acting) -> Wish:
    rotation = await OF_HOOKS["POST", f"{_PROJECT}/hooks/{{hook_id}}:rotate"](app, who)
    path = rotation.path.replace(":rotate", ":simulate")
    return Wish(path=path, document={"body": {"by": 2}}, token=who.token)


def _rules_trial(level: str) -> Make:
    upload = WISHES["POST", f"/v1/{level}s/{{{level}_id}}/{_RULES}"]

    async def made(app: RealApp, who: Acting) -> Wish:
        wish = await upload(app, who)
        assert wish.document is not None
        document = {"modules": wish.document["modules"]}
        return Wish(path=f"{wish.path}:check", document=document, token=wish.token)

    return made


def _of_decisions(place: str, *, level: bool) -> Make:
    upload = WISHES["POST", f"{_PROJECT}/{_RULES}"]

    async def made(app: RealApp, who: Acting) -> Wish:
        wish = await upload(app, who)
        assert wish.document is not None
        root = wish.path.removesuffix(f"/{_RULES}")
        asked = {"level": "project", "modules": wish.document["modules"]} if level else {}
        return Wish(path=f"{root}/{place}", document=asked, token=wish.token)

    return made


ASKING: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", f"{_PROJECT}/plans:simulate"): _simulation,
        ("POST", f"{_PROJECT}/hooks/{{hook_id}}:simulate"): _hook_trial,
        ("POST", f"{_PROJECT}/{_RULES}:check"): _rules_trial("project"),
        ("POST", f"/v1/organizations/{{organization_id}}/{_RULES}:check"): _rules_trial(
            "organization"
        ),
        ("POST", f"{_PROJECT}/{_RULES}:simulate"): _of_decisions("policies:simulate", level=True),
        ("POST", f"{_PROJECT}/decisions:verify"): _of_decisions("decisions:verify", level=False),
    }
)
"""Routes of mutating methods that change nothing: that they were asked is on record as well."""
