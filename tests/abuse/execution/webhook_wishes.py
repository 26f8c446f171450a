"""Hold one valid request for every mutating route of webhooks, of a project or an organization."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish
from tests.database import session

PLACES: Final = ("projects/{project_id}", "organizations/{organization_id}")


async def a_webhook_wish(app: RealApp) -> JsonObject:
    """Say what webhook to make; nothing is sent there, as no worker runs."""
    number = next(app.numbers)
    return {"name": f"webhook {number}", "url": f"https://hooks{number}.example.com/in"}


async def a_place(app: RealApp, who: Acting, template: str) -> str:
    """Return where webhooks are kept: of a project of somebody's, or of their organization."""
    if template.startswith("organizations"):
        return f"/v1/organizations/{who.organization}/webhooks"
    return f"/v1/projects/{(await app.project(who))['id']}/webhooks"


def _creation(template: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path = await a_place(app, who, template)
        return Wish(path=path, document=await a_webhook_wish(app), token=who.token)

    return made


def _of_webhook(template: str, verb: str, document: JsonObject | None) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path = await a_place(app, who, template)
        found = await app.made(path, await a_webhook_wish(app), token=who.token)
        return Wish(path=f"{path}/{found['id']}{verb}", document=document, token=who.token)

    return made


def _resend(template: str, *, each: bool) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path = await a_place(app, who, template)
        found = await app.made(path, await a_webhook_wish(app), token=who.token)
        one = f"{path}/{found['id']}"
        tested = await app.made(f"{one}:ping", None, token=who.token)
        async with session(app.urls.superuser_url) as superuser:  # as if an event had caused it
            await superuser.execute(
                "update webhook_deliveries set cause = 'event', status = 'failed', "
                "ended_at = now() where id = $1",
                tested["id"],
            )
        if each:
            resend = f"{one}/deliveries/{tested['id']}:resend"
            return Wish(path=resend, token=who.token)
        return Wish(path=f"{one}:resend", document={"status": ["failed"]}, token=who.token)

    return made


def _routes(template: str) -> Mapping[Route, Make]:
    root = f"/v1/{template}/webhooks"
    one = f"{root}/{{webhook_id}}"
    return {
        ("POST", root): _creation(template),
        ("PATCH", one): _of_webhook(template, "", {"at_once": 2}),
        ("DELETE", one): _of_webhook(template, "", None),
        ("POST", f"{one}:enable"): _of_webhook(template, ":enable", None),
        ("POST", f"{one}:disable"): _of_webhook(template, ":disable", None),
        ("POST", f"{one}:ping"): _of_webhook(template, ":ping", None),
        ("POST", f"{one}:resend"): _resend(template, each=False),
        ("POST", f"{one}:rotate-secret"): _of_webhook(
            template, ":rotate-secret", {"overlap_s": 60}
        ),
        ("POST", f"{one}/deliveries/{{delivery_id}}:resend"): _resend(template, each=True),
    }


OF_WEBHOOKS: Final[Mapping[Route, Make]] = MappingProxyType(
    {route: make for template in PLACES for route, make in _routes(template).items()}
)
