"""Show what was delivered to webhooks, have it delivered again, and ask for a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.webhook import (
    DELIVERY_PREFIX,
    Delivery,
    DeliveryCause,
    Endpoint,
    EndpointStatus,
)
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import known_id
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.services.webhooks.documents import (
    attempt_document,
    delivery_document,
    named,
)
from runtime.services.webhooks.rights import (
    WebhookPlace,
    found_endpoint,
    held_endpoint_of,
    held_place,
    managing_scope,
    require_managed,
)
from runtime.store import webhook_resends as resends
from runtime.store.session import Database
from runtime.store.webhook_deliveries import (
    WantedDeliveries,
    attempts_of,
    deliveries_before,
    find_delivery,
)
from runtime.store.webhook_lanes import wake_lane

MOST_AGAIN: Final = 1_000
"""Deliveries that one request has made again."""
MOST_COUNTED: Final = 10_000
"""Up to which it is told how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Say which deliveries are to be made again.

    Attributes:
        most: of those, the oldest first; the rest is for the next request.
        dry_run: they are counted, and nothing is done.
    """

    wanted: WantedDeliveries
    most: int = MOST_AGAIN
    dry_run: bool = False


class EndpointDeliveries:
    """Look after deliveries for people."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids

    async def list(
        self,
        context: Context,
        place: WebhookPlace,
        *,
        endpoint_id: str,
        wanted: WantedDeliveries,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> tuple[Delivery, ...]:
        """Return deliveries to a webhook, the newest first.

        Raises:
            NotFoundError: no such webhook that the caller may see.
            NotAllowedError: the caller does not administer the place.
        """
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await require_managed(connection, caller, place)
            await found_endpoint(connection, place, endpoint_id)
            return await deliveries_before(
                connection, endpoint_id, wanted, before=before, limit=limit
            )

    async def read(
        self, context: Context, place: WebhookPlace, *, endpoint_id: str, delivery_id: str
    ) -> JsonObject:
        """Return a delivery with its attempts, the first one first.

        Raises:
            NotFoundError: no such delivery that the caller may see.
            NotAllowedError: the caller does not administer the place.
        """
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await require_managed(connection, caller, place)
            await found_endpoint(connection, place, endpoint_id)
            known_id(delivery_id, kind="delivery", prefix=DELIVERY_PREFIX)
            found = await find_delivery(connection, endpoint_id, delivery_id)
            if found is None:
                raise NotFoundError(kind="delivery", id=delivery_id)
            attempts = await attempts_of(connection, delivery_id)
        return {**delivery_document(found), "tries": [attempt_document(item) for item in attempts]}

    async def resend(
        self, context: Context, place: WebhookPlace, *, endpoint_id: str, delivery_id: str
    ) -> Answer:
        """Have the event of a delivery delivered again, under the id that it had.

        Raises:
            NotFoundError: no such delivery that the caller may see.
            NotAllowedError: the caller does not administer the place.
            WrongTimeError: it was a test, or the webhook is not enabled.
            ProjectArchivedError: the project is archived.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            endpoint = await _sent_to(unit, context, place, endpoint_id=endpoint_id)
            known_id(delivery_id, kind="delivery", prefix=DELIVERY_PREFIX)
            found = await find_delivery(unit.connection, endpoint_id, delivery_id)
            if found is None:
                raise NotFoundError(kind="delivery", id=delivery_id)
            if found.cause is DeliveryCause.PING:
                raise WrongTimeError(what="the delivery", found="a test", remedy="ask for another")
            new_id = unit.ids.new(DELIVERY_PREFIX)
            await resends.resend(unit.connection, endpoint, found, new_id=new_id, at=unit.now)
            await _wake(unit, endpoint)
            told = {"endpoint": endpoint.id, "deliveries": 1, "delivery": delivery_id}
            await unit.record("endpoint.resent", told, project_id=endpoint.project_id)
            made = await find_delivery(unit.connection, endpoint_id, new_id)
            if made is None:
                raise AssertionError("a delivery is not there that was just made")
            return Answer(document=delivery_document(made))

        return await once(self._database, self._ids, context, work=work)

    async def resend_matching(
        self, context: Context, place: WebhookPlace, *, endpoint_id: str, again: Again
    ) -> Answer:
        """Have ended deliveries made again, each once, and say how many and how many are left.

        Raises:
            NotFoundError: no such webhook that the caller may see.
            NotAllowedError: the caller does not administer the place.
            WrongTimeError: the webhook is not enabled.
            ProjectArchivedError: the project is archived.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            endpoint = await _sent_to(unit, context, place, endpoint_id=endpoint_id)
            resent = 0
            if not again.dry_run:
                resent = await resends.resend_matching(
                    unit.connection,
                    endpoint,
                    again.wanted,
                    new_id=lambda: unit.ids.new(DELIVERY_PREFIX),
                    at=unit.now,
                    most=again.most,
                )
            if resent:
                await _wake(unit, endpoint)
                told = {
                    "endpoint": endpoint.id,
                    "deliveries": resent,
                    "wanted": _spelled(again.wanted),
                }
                await unit.record("endpoint.resent", told, project_id=endpoint.project_id)
            left = await resends.count_resendable(
                unit.connection, endpoint_id, again.wanted, most=MOST_COUNTED
            )
            return Answer(document={"resent": resent, "left": left, "dry_run": again.dry_run})

        return await once(self._database, self._ids, context, work=work)

    async def ping(self, context: Context, place: WebhookPlace, *, endpoint_id: str) -> Answer:
        """Let a test be delivered to a webhook, and to no other.

        Raises:
            NotFoundError: no such webhook that the caller may see.
            NotAllowedError: the caller does not administer the place.
            WrongTimeError: the webhook is not enabled.
            ProjectArchivedError: the project is archived.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            endpoint = await _sent_to(unit, context, place, endpoint_id=endpoint_id)
            made = await resends.add_ping(
                unit.connection,
                endpoint,
                delivery_id=unit.ids.new(DELIVERY_PREFIX),
                principal_id=caller.member_id,
                at=unit.now,
            )
            await _wake(unit, endpoint)
            told = {**named(endpoint), "principal": caller.member_id}
            await unit.audit("endpoint.ping", told, project_id=endpoint.project_id)
            return Answer(document=delivery_document(made))

        return await once(self._database, self._ids, context, work=work)


async def _sent_to(
    unit: Unit, context: Context, place: WebhookPlace, *, endpoint_id: str
) -> Endpoint:
    """Return a webhook that the caller may have something sent to, now.

    Raises:
        WrongTimeError: it is not enabled.
    """
    await held_place(unit, context.caller, place, ends=False)
    endpoint = await held_endpoint_of(unit.connection, place, endpoint_id)
    if endpoint.status is not EndpointStatus.ENABLED:
        raise WrongTimeError(
            what=f"webhook '{endpoint.name}'",
            found=endpoint.status.value,
            remedy="enable it first",
        )
    return endpoint


async def _wake(unit: Unit, endpoint: Endpoint) -> None:
    await wake_lane(unit.connection, endpoint.organization_id, endpoint.id, at=unit.now)


def _spelled(wanted: WantedDeliveries) -> JsonObject:
    return {
        "statuses": [item.value for item in wanted.statuses],
        "types": list(wanted.types),
        "since": None if wanted.since is None else spelled_instant(wanted.since),
        "until": None if wanted.until is None else spelled_instant(wanted.until),
    }
