"""Hold one valid request for every mutating route of hooks that takes a credential."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish

_ROUTE: Final = "/v1/projects/{project_id}/hooks"


async def a_hook_wish(app: RealApp, who: Acting, project: str) -> JsonObject:
    """Say what hook to make, for a service that operates the project."""
    service = await app.service(who)
    granted = await app.call(
        "PUT", f"{project}/members/{service}", {"role": "operator"}, token=who.token
    )
    assert granted.status == 200, granted.body
    step = {"action": "counter.increment", "inputs": {"by": {"pointer": "/by"}}}
    return {
        "name": f"hook {next(app.numbers)}",
        "style": "standard-webhooks",
        "service": service,
        "mapping": {"steps": [step]},
    }


async def _hook(app: RealApp, who: Acting) -> Wish:
    project = f"/v1/projects/{(await app.project(who))['id']}"
    return Wish(
        path=f"{project}/hooks",
        document=await a_hook_wish(app, who, project),
        token=who.token,
    )


def _of_hook(verb: str, document: JsonObject | None) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        hook = await _hook(app, who)
        made = await app.made(hook.path, hook.document, token=who.token)
        return Wish(path=f"{hook.path}/{made['id']}{verb}", document=document, token=who.token)

    return made


OF_HOOKS: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", _ROUTE): _hook,
        ("PATCH", f"{_ROUTE}/{{hook_id}}"): _of_hook("", {"enabled": False}),
        ("POST", f"{_ROUTE}/{{hook_id}}:rotate"): _of_hook(":rotate", {"overlap_s": 60}),
        ("DELETE", f"{_ROUTE}/{{hook_id}}"): _of_hook("", None),
    }
)
