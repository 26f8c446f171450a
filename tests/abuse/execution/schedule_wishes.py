"""Hold one valid request for every mutating route of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp, moved
from tests.abuse.execution.wish import Make, Route, Wish

_ROUTE: Final = "/v1/projects/{project_id}/schedules"


async def _schedule(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    wish: JsonObject = {"name": "nightly", "cron": "0 3 * * *", **moved(next(app.numbers))}
    return Wish(path=f"/v1/projects/{project['id']}/schedules", document=wish, token=who.token)


def _of_schedule(verb: str, *, first: str | None = None) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        wish = await _schedule(app, who)
        schedule = await app.made(wish.path, wish.document, token=who.token)
        place = f"{wish.path}/{schedule['id']}"
        if first is not None:
            await app.made(f"{place}{first}", None, token=who.token)
        document: JsonObject | None = {"name": "weekly"} if verb == "PATCH" else None
        path = f"{place}{verb}" if verb.startswith(":") else place
        return Wish(path=path, document=document, token=who.token)

    return made


OF_SCHEDULES: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", _ROUTE): _schedule,
        ("PATCH", f"{_ROUTE}/{{schedule_id}}"): _of_schedule("PATCH"),
        ("DELETE", f"{_ROUTE}/{{schedule_id}}"): _of_schedule("DELETE"),
        ("POST", f"{_ROUTE}/{{schedule_id}}:pause"): _of_schedule(":pause"),
        ("POST", f"{_ROUTE}/{{schedule_id}}:resume"): _of_schedule(":resume", first=":pause"),
    }
)
