"""Make, change, list and remove webhooks; addresses, headers and secrets are sealed at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.errors import WebhookFault, WebhookRefusedError, WrongTimeError
from runtime.domain.webhook import (
    ENDPOINT_PREFIX,
    MOST_ENDPOINTS,
    Endpoint,
    EndpointStatus,
)
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject
from runtime.ports.endpoint_check import EndpointCheck
from runtime.ports.seal import Seal
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.services.webhooks.documents import (
    endpoint_document,
    named,
    recorded,
    secret_document,
)
from runtime.services.webhooks.rights import (
    WebhookPlace,
    found_endpoint,
    held_endpoint_of,
    held_place,
    managing_scope,
    require_hearing,
    require_seen,
)
from runtime.services.webhooks.sealing import headers_of, url_of
from runtime.services.webhooks.secrets import EndpointSecrets
from runtime.services.webhooks.shown import shown_once
from runtime.services.webhooks.wishes import (
    EndpointChange,
    NewEndpoint,
    checked,
    require_projects,
)
from runtime.store import webhook_endpoints as store
from runtime.store.session import Database
from runtime.store.webhook_lanes import drop_lane, make_lane, stir_lane, wake_lane
from runtime.store.webhook_secrets import secrets_of

SWITCHED_OFF: Final = "A person switched it off."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """Hold what is stored of an address and of headers."""

    url: bytes
    headers: bytes | None


class Endpoints:
    """Keep the webhooks of organizations and projects."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        seal: Seal,
        check: EndpointCheck,
        secrets: EndpointSecrets,
    ) -> None:
        self._database = database
        self._ids = ids
        self._seal = seal
        self._check = check
        self._secrets = secrets

    async def create(self, context: Context, place: WebhookPlace, *, wish: NewEndpoint) -> Answer:
        """Make a webhook, and return its secret this once.

        Raises:
            NotFoundError: no such place that the caller may see.
            NotAllowedError: the caller does not administer it, or may not read what it would hear.
            WebhookRefusedError: the address, the headers or the filter can't be used.
            NameTakenError: there is one of that name in the place.
            ProjectArchivedError, WrongTimeError: archived, or the organization has its most.
        """
        caller = context.caller
        caller.require(managing_scope(place))
        shown = checked(self._check, place, url=wish.url, headers=wish.headers, wanted=wish.filter)
        require_hearing(caller, place, wish.filter)

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=False)
            await require_projects(unit.connection, wish.filter)
            await _require_room(unit)
            endpoint = self._made(unit, context, place, wish=wish, shown=shown)
            await store.add_endpoint(unit.connection, endpoint)
            await make_lane(unit.connection, endpoint.organization_id, endpoint.id)
            secret = await self._secrets.add(unit, endpoint, wish.scheme)
            await unit.record(
                "endpoint.created", recorded(endpoint), project_id=endpoint.project_id
            )
            return shown_once(endpoint, [secret.stored], secret.text)

        return await once(self._database, self._ids, context, work=work)

    async def change(
        self, context: Context, place: WebhookPlace, *, endpoint_id: str, change: EndpointChange
    ) -> Answer:
        """Change how or what a webhook is sent.

        Headers were made for an address: another one gets none that were not stated with it.

        Raises:
            NotFoundError, NotAllowedError, WebhookRefusedError, NameTakenError,
                ProjectArchivedError, WrongTimeError: as `create` does.
        """
        caller = context.caller
        caller.require(managing_scope(place))
        shown = checked(
            self._check, place, url=change.url, headers=change.headers, wanted=change.filter
        )

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=False)
            before = await held_endpoint_of(unit.connection, place, endpoint_id)
            after = self._changed(unit, before, change, shown=shown)
            if change.sends_elsewhere:
                require_hearing(caller, place, after.filter)
            if change.filter is not None:
                await require_projects(unit.connection, change.filter)
            await store.change_endpoint(unit.connection, after)
            await wake_lane(unit.connection, after.organization_id, after.id, at=unit.now)
            await unit.record("endpoint.changed", recorded(after), project_id=after.project_id)
            return Answer(document=endpoint_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def enable(self, context: Context, place: WebhookPlace, *, endpoint_id: str) -> Answer:
        """Send to a webhook again, as if it had never failed; what waits goes on.

        Raises:
            NotFoundError, NotAllowedError, ProjectArchivedError, WrongTimeError: as `create` does.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=False)
            before = await held_endpoint_of(unit.connection, place, endpoint_id)
            require_hearing(caller, place, before.filter)
            after = replace(
                before,
                status=EndpointStatus.ENABLED,
                status_reason=None,
                failing_since=None,
                failures=0,
                updated_at=unit.now,
            )
            await store.change_endpoint(unit.connection, after)
            await stir_lane(unit.connection, after.organization_id, after.id, at=unit.now)
            await unit.record("endpoint.enabled", named(after), project_id=after.project_id)
            return Answer(document=endpoint_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def disable(self, context: Context, place: WebhookPlace, *, endpoint_id: str) -> Answer:
        """Send nothing more to a webhook until it is enabled; what waits is kept for its time.

        Raises:
            NotFoundError: no such webhook that the caller may see.
            NotAllowedError: the caller does not administer the place.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=True)
            before = await held_endpoint_of(unit.connection, place, endpoint_id)
            after = replace(
                before,
                status=EndpointStatus.DISABLED,
                status_reason=SWITCHED_OFF,
                updated_at=unit.now,
            )
            since = before.failing_since
            told = {
                **named(after),
                "status": after.status.value,
                "reason": after.status_reason,
                "failing_since": None if since is None else spelled_instant(since),
            }
            await unit.record("endpoint.disabled", told, project_id=after.project_id)
            await store.change_endpoint(unit.connection, after)
            await wake_lane(unit.connection, after.organization_id, after.id, at=unit.now)
            return Answer(document=endpoint_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def remove(self, context: Context, place: WebhookPlace, *, endpoint_id: str) -> Answer:
        """Forget a webhook, its secrets and what was or is to be delivered to it.

        Raises:
            NotFoundError, NotAllowedError: as `disable` does.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=True)
            endpoint = await held_endpoint_of(unit.connection, place, endpoint_id)
            await store.remove_endpoint(unit.connection, endpoint_id)
            await drop_lane(unit.connection, endpoint.organization_id, endpoint_id)
            await unit.record("endpoint.removed", named(endpoint), project_id=endpoint.project_id)
            return Answer(document=endpoint_document(endpoint))

        return await once(self._database, self._ids, context, work=work)

    async def list(
        self, context: Context, place: WebhookPlace, *, after: str | None, limit: int
    ) -> tuple[Endpoint, ...]:
        """Return the webhooks of a place, in the order of their ids.

        Raises:
            NotFoundError: no such place that the caller may see.
            NotAllowedError: those of the organization are its owners'.
        """
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await require_seen(connection, caller, place)
            return await store.endpoints_after(
                connection, after, limit=limit, project_id=place.project_id
            )

    async def read(self, context: Context, place: WebhookPlace, *, endpoint_id: str) -> JsonObject:
        """Return a webhook, and of its secrets how and until when they sign.

        Raises:
            NotFoundError: no such webhook that the caller may see.
            NotAllowedError: as `list` does.
        """
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await require_seen(connection, caller, place)
            found = await found_endpoint(connection, place, endpoint_id)
            held = await secrets_of(connection, endpoint_id)
        now = self._ids.now()
        live = [secret_document(secret) for secret in held if secret.live(now)]
        return {**endpoint_document(found), "secrets": live}

    def _made(
        self, unit: Unit, context: Context, place: WebhookPlace, *, wish: NewEndpoint, shown: str
    ) -> Endpoint:
        endpoint_id = unit.ids.new(ENDPOINT_PREFIX)
        sealed = self._sealed(endpoint_id, url=wish.url, headers=wish.headers)
        return Endpoint(
            id=endpoint_id,
            organization_id=context.caller.organization_id,
            project_id=place.project_id,
            name=wish.name,
            sealed_url=sealed.url,
            shown_url=shown,
            sealed_headers=sealed.headers,
            header_names=_names(wish.headers),
            filter=wish.filter,
            form=wish.form,
            format=wish.format,
            at_once=wish.at_once,
            per_minute=wish.per_minute,
            ordered=wish.ordered,
            created_at=unit.now,
            created_by=context.caller.member_id,
            updated_at=unit.now,
        )

    def _changed(
        self, unit: Unit, before: Endpoint, change: EndpointChange, *, shown: str
    ) -> Endpoint:
        after = replace(
            before,
            name=change.name or before.name,
            filter=change.filter or before.filter,
            form=change.form or before.form,
            format=change.format or before.format,
            at_once=change.at_once or before.at_once,
            per_minute=None if change.as_many_as_taken else change.per_minute or before.per_minute,
            ordered=before.ordered if change.ordered is None else change.ordered,
            updated_at=unit.now,
        )
        if change.url is not None:
            _require_own_headers(before, change)
            url = self._seal.sealed(change.url, bound_to=url_of(before.id))
            after = replace(after, sealed_url=url, shown_url=shown)
        if change.headers is not None:
            headers = self._sealed_headers(before.id, change.headers)
            names = _names(change.headers)
            after = replace(after, sealed_headers=headers, header_names=names)
        return after

    def _sealed(self, endpoint_id: str, *, url: str, headers: Mapping[str, str]) -> _Sealed:
        return _Sealed(
            url=self._seal.sealed(url, bound_to=url_of(endpoint_id)),
            headers=self._sealed_headers(endpoint_id, headers),
        )

    def _sealed_headers(self, endpoint_id: str, headers: Mapping[str, str]) -> bytes | None:
        if not headers:
            return None
        text = canonical_text({name.lower(): value for name, value in headers.items()})
        return self._seal.sealed(text, bound_to=headers_of(endpoint_id))


async def _require_room(unit: Unit) -> None:
    if await store.count_endpoints(unit.connection) >= MOST_ENDPOINTS:
        raise WrongTimeError(
            what="the organization",
            found=f"at its most webhooks, {MOST_ENDPOINTS}",
            remedy="remove one first",
        )


def _require_own_headers(before: Endpoint, change: EndpointChange) -> None:
    """Refuse to send headers elsewhere that may hold a secret of the place they were made for."""
    if before.header_names and change.headers is None:
        problem = (
            f"{', '.join(before.header_names)} were stated for the address before; state headers "
            "together with another address, none as {}"
        )
        raise WebhookRefusedError([WebhookFault(pointer="/headers", problem=problem)])


def _names(headers: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name.lower() for name in headers))
