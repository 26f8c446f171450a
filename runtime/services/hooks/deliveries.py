"""Take what is delivered to hooks: believe it, name it, act once, and remember what came of it.

A delivery is named by what its sender signed. That name is claimed before anything is done, and is
the key of the execution: whatever dies in between, and whoever delivers again, one plan is executed
at the most. It acts as the hook's service, whose rights are asked each time; such a caller has no
scope to confirm, approve or read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import (
    DeliveryRefusedError,
    DeliveryStaleError,
    DeliveryUncertainError,
    DeliveryUnfitError,
    DomainError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    StorageUnavailableError,
    WrongTimeError,
)
from runtime.domain.hook import (
    DELIVERY_PREFIX,
    Delivery,
    DeliveryStatus,
    Hook,
    HookPlace,
    HookSecret,
    forgettable_before,
    read_address,
)
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import (
    WINDOW,
    Claim,
    Headers,
    HookStyle,
    delivery_id,
    key_of,
    read_claim,
)
from runtime.domain.member import Member, MemberKind
from runtime.domain.plan import Plan
from runtime.engine.hook_mapping import CompiledMapping, compile_mapping
from runtime.kit.canonical_json import CanonicalJsonError, digest_bytes, parse
from runtime.kit.json_value import JsonValue
from runtime.kit.strict_json import read_strictly
from runtime.ports.seal import Seal, SealBrokenError
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.services.hooks.rights import HOOK_SCOPES
from runtime.services.identity.narrow_door import NarrowDoor
from runtime.services.unit_of_work import Answer
from runtime.store.hook_deliveries import (
    forget_deliveries,
    held_delivery,
    held_delivery_of,
    keep_delivery,
)
from runtime.store.hooks import find_hook, hook_stays, secrets_of
from runtime.store.members import find_member
from runtime.store.session import Database

ROUTE: Final = "POST /v1/hooks/{address}"
FORGOTTEN_AT_ONCE: Final = 20
MOST_KNOWN: Final = 10_000
KEPT_MAPPINGS: Final = 256
_NO_KEY: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Hold a delivery that a secret of its hook signed, just now.

    Attributes:
        caller: as whom it acts.
    """

    hook: Hook
    secrets: Sequence[HookSecret]
    caller: Caller
    claim: Claim
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    hook: Hook
    secrets: Sequence[HookSecret]
    service: Member


class HookDeliveries:
    """Take deliveries; belongs to one event loop."""

    def __init__(self, *, database: Database, ids: Ids, seal: Seal, plans: Plans) -> None:
        self._database = database
        self._ids = ids
        self._seal = seal
        self._plans = plans
        self._door = NarrowDoor()
        self._known = OrderedDict[str, None]()
        self._compiled = lru_cache(maxsize=KEPT_MAPPINGS)(_compiled)

    def knows(self, address: str) -> bool:
        """Say whether a delivery to an address was believed a while ago."""
        return address in self._known

    async def verified(self, address: str, *, headers: Headers, body: bytes) -> Verified:
        """Return a delivery that may act.

        Raises:
            DeliveryRefusedError: no secret of such a hook signed it, or there is no such hook.
            DeliveryStaleError: it was signed too long ago, or in the future.
            WrongTimeError: the hook is disabled.
            NotAllowedError: its service is no member any more.
            AuthenticationBusyError: too many are sent to addresses that nobody knows.
            StorageUnavailableError: the database can't be asked.
        """
        place = read_address(address)
        if place is None:
            raise DeliveryRefusedError
        if self.knows(address):
            found = await self._find(place)
        else:
            async with self._door.passed():
                found = await self._find(place)
        now = self._ids.now()
        keys = () if found is None else self._keys(found)
        style = HookStyle.STANDARD if found is None else found.hook.style
        claim = read_claim(style, headers, body)
        fits = claim is not None and claim.fits(keys or (_NO_KEY,))
        if found is None or claim is None or not keys or not fits:
            raise DeliveryRefusedError
        self._remember(address)
        if claim.stale(now):
            raise DeliveryStaleError(window_s=int(WINDOW.total_seconds()))
        return Verified(
            hook=_enabled(found.hook),
            secrets=found.secrets,
            caller=_caller(found),
            claim=claim,
            body=body,
        )

    async def take(self, verified: Verified) -> Answer:
        """Act as a delivery asks, unless it did before; its sender is told no more than that.

        Raises:
            DeliveryUnfitError: the mapping makes no plan of it; nothing was done.
            DeliveryUncertainError: nobody knows any more whether it acted before.
            DeliveryRefusedError: the hook was removed meanwhile.
            KeyReusedError: its id came before with another body.
            NotAllowedError: the service has no role in the project any more.
            DomainError: as `Plans.execute`; what is not known to be done is found by a repetition.
        """
        document, fault = _read(verified.body)
        named = delivery_id(verified.claim, verified.body, document)
        delivery = await self._claimed(verified, named)
        if delivery.status.final:
            return _answer(delivery, replayed=True)
        try:
            if fault is not None:
                raise fault
            outcome_id = await self._acted(verified, document, named=named)
        except StorageUnavailableError:
            raise  # whether it was done is not known: the try stays open
        except DomainError as error:
            await self._settled(verified, delivery, status=DeliveryStatus.FAILED, reason=error.code)
            if isinstance(error, NotFoundError):
                raise NotAllowedError(
                    needs="a service with a role in the project", has="one without"
                ) from None
            raise
        status = DeliveryStatus.SKIPPED if outcome_id is None else DeliveryStatus.EXECUTED
        return _answer(
            await self._settled(verified, delivery, status=status, outcome_id=outcome_id)
        )

    async def _find(self, place: HookPlace) -> _Found | None:
        async with self._database.transaction(place.organization_id, read_only=True) as connection:
            hook = await find_hook(connection, place.hook_id)
            if hook is None:
                return None
            secrets = await secrets_of(connection, hook.id)
            service = await find_member(connection, hook.service_id)
        return None if service is None else _Found(hook=hook, secrets=secrets, service=service)

    def _keys(self, found: _Found) -> Sequence[bytes]:
        """Return the keys of the secrets that live; one that does not open fits nothing."""
        now, keys = self._ids.now(), list[bytes]()
        for secret in found.secrets:
            if not secret.live(now):
                continue
            try:
                text = self._seal.opened(secret.sealed, bound_to=found.hook.address)
            except SealBrokenError:
                continue
            keys.append(key_of(found.hook.style, text))
        return keys

    def _remember(self, address: str) -> None:
        self._known[address] = None
        self._known.move_to_end(address)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    async def _acted(self, verified: Verified, document: JsonValue, *, named: str) -> str | None:
        """Execute the plan of a delivery, and return its outcome's id; None if there is no plan."""
        hook = verified.hook
        plan: Plan | None = self._compiled(hook.mapping.text()).plan(document)
        if plan is None:
            return None
        key = RequestKey(
            route=ROUTE, key=f"{hook.id}/{named}", body_digest=digest_bytes(named.encode())
        )
        executed = await self._plans.execute(
            Context(caller=verified.caller, key=key),
            hook.project_id,
            asked=PlanRequest(plan=plan, atomic=hook.mapping.atomic),
        )
        return str(parse(executed.document)["id"])

    async def _claimed(self, verified: Verified, named: str) -> Delivery:
        """Note that a delivery is tried, and return it; one that was answered is returned as is."""
        hook, now = verified.hook, self._ids.now()
        first = Delivery(
            id=self._ids.new(DELIVERY_PREFIX),
            hook_id=hook.id,
            named=named,
            body_digest=digest_bytes(verified.body),
            status=DeliveryStatus.RECEIVED,
            reason=None,
            outcome_id=None,
            tries=0,
            open_tries=0,
            claimed_at=now,
            received_at=now,
            ended_at=None,
        )
        organization = hook.organization_id
        async with self._database.transaction(organization) as connection:
            if not await hook_stays(connection, hook.id):
                raise DeliveryRefusedError  # removed since it was found
            stored = await held_delivery(connection, first, organization_id=organization)
            if hook.style is HookStyle.STANDARD and stored.body_digest != first.body_digest:
                raise KeyReusedError(key=named)
            if stored.status.final:
                return stored
            if stored.uncertain(now):
                raise DeliveryUncertainError(delivery=stored.id)
            claimed = replace(
                stored,
                status=DeliveryStatus.RECEIVED,
                tries=stored.tries + 1,
                open_tries=stored.open_tries + 1,
                claimed_at=stored.claimed_at if stored.open_tries else now,
            )
            await keep_delivery(connection, claimed)
            before = forgettable_before(hook.style, verified.secrets, now=now)
            await forget_deliveries(connection, hook.id, before=before, limit=FORGOTTEN_AT_ONCE)
            return claimed

    async def _settled(
        self,
        verified: Verified,
        delivery: Delivery,
        *,
        status: DeliveryStatus,
        reason: str | None = None,
        outcome_id: str | None = None,
    ) -> Delivery:
        """Remember what came of a try; what another one found out for good stays.

        A hook that was removed meanwhile takes its deliveries along.
        """
        async with self._database.transaction(verified.hook.organization_id) as connection:
            stored = await held_delivery_of(connection, delivery.id)
            if stored is None:
                return replace(delivery, status=status, outcome_id=outcome_id)
            open_tries = max(0, stored.open_tries - 1)
            settled = replace(stored, open_tries=open_tries)
            if status.final or not (stored.status.final or open_tries):
                settled = replace(
                    settled,
                    status=status,
                    reason=reason,
                    outcome_id=outcome_id,
                    ended_at=self._ids.now(),
                )
            await keep_delivery(connection, settled)
            return settled


def _compiled(mapping: str) -> CompiledMapping:
    return compile_mapping(HookMapping.model_validate_json(mapping))


def _enabled(hook: Hook) -> Hook:
    if not hook.enabled:
        raise WrongTimeError(
            what="the hook", found="disabled", remedy="enable it, then deliver again"
        )
    return hook


def _caller(found: _Found) -> Caller:
    """Return as whom a delivery acts: the service as it is now, with the hook as its credential."""
    service = found.service
    if service.kind is not MemberKind.SERVICE or service.removed_at is not None:
        raise NotAllowedError(needs="a service that is a member still", has="one that was removed")
    return Caller(
        member_id=service.id,
        organization_id=service.organization_id,
        organization_role=service.organization_role,
        member_kind=service.kind,
        scopes=HOOK_SCOPES,
        credential_id=found.hook.id,
        credential_kind=CredentialKind.HOOK,
    )


def _read(body: bytes) -> tuple[JsonValue, DeliveryUnfitError | None]:
    """Return the document that a body spells, or why it spells none."""
    try:
        return read_strictly(body), None
    except CanonicalJsonError as error:
        problem = f"it is not JSON that every reader reads alike, expected {error.expected}"
        return None, DeliveryUnfitError(place="the body", problem=problem)


def _answer(delivery: Delivery, *, replayed: bool = False) -> Answer:
    return Answer(
        document={"delivery": delivery.id, "status": delivery.status.value}, replayed=replayed
    )
