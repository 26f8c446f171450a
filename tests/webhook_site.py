"""Give tests the app of production with a project, and webhooks of it or of its organization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.api.app_builder import Answered
from tests.hooks import HookSite

EACH_PLACE: Final = ("project", "organization")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSite:
    """Hold the app, and where webhooks are kept."""

    site: HookSite
    root: str

    @classmethod
    def of(cls, site: HookSite, kind: str) -> WebhookSite:
        """Return the place of a project's or an organization's webhooks."""
        base = site.project if kind == "project" else f"/v1/organizations/{site.owner.organization}"
        return cls(site=site, root=f"{base}/webhooks")

    async def make(self, **changes: Any) -> JsonObject:  # noqa: ANN401  # any wish
        """Make a webhook that can be made, and return the answer."""
        wish = {**await a_webhook_wish(self.site.app), **changes}
        return await self.site.app.made(self.root, wish, token=self.site.owner.token)

    async def tried(self, **changes: Any) -> Answered:  # noqa: ANN401  # any wish
        """Try to make a webhook."""
        wish = {**await a_webhook_wish(self.site.app), **changes}
        return await self.site.call("POST", self.root, wish)

    async def call(
        self, method: str, webhook: JsonObject, rest: str = "", document: JsonObject | None = None
    ) -> Answered:
        """Ask for one webhook, as the owner."""
        return await self.site.call(method, f"{self.root}/{webhook['id']}{rest}", document)

    async def deliveries(self, webhook: JsonObject, query: str = "") -> list[JsonObject]:
        """Return deliveries, the newest first."""
        answer = await self.call("GET", webhook, f"/deliveries{query}")
        assert answer.status == 200, answer.body
        found: list[JsonObject] = answer.json["items"]
        return found

    async def end_delivery(self, webhook: JsonObject, *, number: int, status: str) -> str:
        """Let a delivery of an event have ended, and return its id."""
        delivery = f"whd_{number:026d}"
        await self.site.changed(
            "insert into webhook_deliveries (organization_id, id, endpoint_id, event_id, "
            "event_type, cause, status, attempts, entity, resent, due_at, created_at, ended_at, "
            "reason) values ($1, $2, $3, $4, 'plan.executed', 'event', $5, 1, '', false, now(), "
            "now() - make_interval(hours => $6), now(), 'the last answer was 503')",
            self.site.owner.organization,
            delivery,
            webhook["id"],
            f"evt_{number:026d}",
            status,
            number,
        )
        await self.site.changed(
            "insert into webhook_attempts (organization_id, delivery_id, number, at, status_code, "
            "took_ms, body, request_id) values ($1, $2, 1, now(), 503, 12, 'later', 'req-1')",
            self.site.owner.organization,
            delivery,
        )
        return delivery
