"""Make, change, list and remove inbound hooks; their secrets are shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from runtime.domain.errors import DeclarationError, WrongTimeError
from runtime.domain.hook import (
    HOOK_PREFIX,
    SECRET_PREFIX,
    Delivery,
    Hook,
    HookSecret,
)
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import (
    SECRET_BYTES,
    HookStyle,
    SecretTextError,
    key_of,
    new_secret,
)
from runtime.domain.scope import Scope
from runtime.engine.hook_mapping import compile_mapping
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.seal import Seal
from runtime.services.context import Context, Ids
from runtime.services.hooks.documents import hook_document, secret_document
from runtime.services.hooks.rights import (
    held_for_change,
    of_project,
    require_binding,
    require_hook_scopes,
)
from runtime.services.standing import known_id, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import hooks as store
from runtime.store.hook_deliveries import deliveries_before
from runtime.store.session import Database

MOST_HOOKS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHook:
    """Say what hook is to be made.

    Attributes:
        service_id: the service that acts for whoever delivers.
        secret: which the sender made; None for a new one.
    """

    name: str
    style: HookStyle
    service_id: str
    mapping: HookMapping
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookChange:
    """Say what is to change of a hook; None leaves a part as it is."""

    name: str | None = None
    mapping: HookMapping | None = None
    enabled: bool | None = None


class Hooks:
    """Keep the hooks of projects."""

    def __init__(self, *, database: Database, ids: Ids, seal: Seal) -> None:
        self._database = database
        self._ids = ids
        self._seal = seal

    async def create(self, context: Context, project_id: str, *, wish: NewHook) -> Answer:
        """Make a hook, and return its secret this once.

        Raises:
            NotFoundError: no such project that the caller may see, or no such member.
            NotAllowedError: the caller may not let that member act for others.
            DeclarationError: the mapping or the stated secret can't be used.
            NameTakenError: the project has a hook of that name.
            ProjectArchivedError, WrongTimeError: archived, or the project has its most hooks.
        """
        caller = context.caller
        require_hook_scopes(caller)
        text = _secret_text(wish.style, wish.secret)
        compile_mapping(wish.mapping)

        async def work(unit: Unit) -> Answer:
            await require_binding(unit, caller, project_id, service_id=wish.service_id)
            if await store.hooks_in(unit.connection, project_id) >= MOST_HOOKS:
                raise WrongTimeError(
                    what="the project",
                    found=f"at its most hooks, {MOST_HOOKS}",
                    remedy="remove one first",
                )
            hook = Hook(
                id=unit.ids.new(HOOK_PREFIX),
                organization_id=caller.organization_id,
                project_id=project_id,
                name=wish.name,
                style=wish.style,
                service_id=wish.service_id,
                mapping=wish.mapping,
                enabled=True,
                created_at=unit.now,
                created_by=caller.member_id,
                updated_at=unit.now,
            )
            await store.add_hook(unit.connection, hook)
            secret = await self._add_secret(unit, hook, text)
            await unit.record("hook.created", _recorded(hook), project_id=project_id)
            return _shown_once(hook, secret, text)

        return await once(self._database, self._ids, context, work=work)

    async def change(
        self, context: Context, project_id: str, *, hook_id: str, change: HookChange
    ) -> Answer:
        """Give a hook another name or mapping, or let its deliveries act or not.

        Raises:
            NotFoundError, NotAllowedError, DeclarationError, NameTakenError, ProjectArchivedError,
                WrongTimeError: as `create` does. To disable a hook it takes no right but the
                project's administration.
        """
        caller = context.caller
        only_ends = change.enabled is False and change.name is None and change.mapping is None
        if only_ends:
            caller.require(Scope.PROJECTS_MANAGE)
        else:
            require_hook_scopes(caller)
        if change.mapping is not None:
            compile_mapping(change.mapping)

        async def work(unit: Unit) -> Answer:
            hook = await held_for_change(
                unit, caller, project_id, hook_id=hook_id, binds=not only_ends
            )
            changed = replace(
                hook,
                name=change.name or hook.name,
                mapping=change.mapping or hook.mapping,
                enabled=hook.enabled if change.enabled is None else change.enabled,
                updated_at=unit.now,
            )
            await store.change_hook(unit.connection, changed)
            await unit.record("hook.changed", _recorded(changed), project_id=project_id)
            return Answer(document=hook_document(changed))

        return await once(self._database, self._ids, context, work=work)

    async def rotate(
        self,
        context: Context,
        project_id: str,
        *,
        hook_id: str,
        overlap: timedelta,
        secret: str | None = None,
    ) -> Answer:
        """Give a hook a new secret, and return it this once; the old one fits for a while longer.

        There are two at the most: one that was about to end does so now.

        Raises:
            NotFoundError, NotAllowedError, DeclarationError, ProjectArchivedError,
                WrongTimeError: as `create` does.
        """
        caller = context.caller
        require_hook_scopes(caller)

        async def work(unit: Unit) -> Answer:
            hook = await held_for_change(unit, caller, project_id, hook_id=hook_id, binds=True)
            text = _secret_text(hook.style, secret)
            newest = (await store.secrets_of(unit.connection, hook_id))[0]
            kept = [newest.id] if overlap else []
            await store.forget_secrets_but(unit.connection, hook_id, kept)
            if overlap:
                await store.end_secret(unit.connection, newest.id, at=unit.now + overlap)
            added = await self._add_secret(unit, hook, text)
            told = {
                **_recorded(hook),
                "secret": added.id,
                "overlap_s": int(overlap.total_seconds()),
            }
            await unit.record("hook.secret_rotated", told, project_id=project_id)
            return _shown_once(hook, added, text)

        return await once(self._database, self._ids, context, work=work)

    async def remove(self, context: Context, project_id: str, *, hook_id: str) -> Answer:
        """Forget a hook and what was delivered to it; its address opens nothing any more.

        Raises:
            NotFoundError: no such project or hook that the caller may see.
            NotAllowedError: the caller does not administer the project.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_MANAGE)

        async def work(unit: Unit) -> Answer:
            hook = await held_for_change(unit, caller, project_id, hook_id=hook_id, binds=False)
            await store.remove_hook(unit.connection, hook_id)
            await unit.record("hook.removed", _recorded(hook), project_id=project_id)
            return Answer(document=hook_document(hook))

        return await once(self._database, self._ids, context, work=work)

    async def list(
        self, context: Context, project_id: str, *, after: str | None, limit: int
    ) -> tuple[Hook, ...]:
        """Return the hooks of a project that the caller may see, in the order of their ids.

        Raises:
            NotFoundError: no such project that they may see.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await store.hooks_after(connection, after, limit=limit, project_id=project_id)

    async def read(self, context: Context, project_id: str, *, hook_id: str) -> JsonObject:
        """Return a hook, and of its secrets since when and until when they fit.

        Raises:
            NotFoundError: no such project or hook that the caller may see.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            known_id(hook_id, kind="hook", prefix=HOOK_PREFIX)
            found = of_project(
                await store.find_hook(connection, hook_id), project_id, hook_id=hook_id
            )
            held = await store.secrets_of(connection, hook_id)
        now = self._ids.now()
        live = [secret_document(secret) for secret in held if secret.live(now)]
        return {**hook_document(found), "secrets": live}

    async def deliveries(
        self,
        context: Context,
        project_id: str,
        *,
        hook_id: str,
        before: str | None,
        limit: int,
    ) -> tuple[Delivery, ...]:
        """Return what was delivered to a hook, the newest first.

        Raises:
            NotFoundError: no such project or hook that the caller may see.
        """
        await self.read(context, project_id, hook_id=hook_id)
        caller = context.caller
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await deliveries_before(connection, before, limit=limit, hook_id=hook_id)

    async def mapped(
        self, context: Context, project_id: str, *, hook_id: str, body: JsonValue
    ) -> JsonObject:
        """Return the plan that a body would become; nothing is stored or executed.

        Raises:
            NotFoundError: no such project or hook that the caller may see.
            DeliveryUnfitError: it would become none.
        """
        found = await self.read(context, project_id, hook_id=hook_id)
        compiled = compile_mapping(HookMapping.model_validate(found["mapping"]))
        plan = compiled.plan(body)
        await self._recorded_trial(context, project_id, hook_id=hook_id, acts=plan is not None)
        return {"acts": plan is not None, "plan": None if plan is None else plan.document()}

    async def _recorded_trial(
        self, context: Context, project_id: str, *, hook_id: str, acts: bool
    ) -> None:
        async def work(unit: Unit) -> Answer:
            told = {"hook": hook_id, "acts": acts}
            await unit.audit("hook.simulated", told, project_id=project_id)
            return Answer(document={})

        await once(self._database, self._ids, Context(caller=context.caller), work=work)

    async def _add_secret(self, unit: Unit, hook: Hook, text: str) -> HookSecret:
        secret = HookSecret(
            id=unit.ids.new(SECRET_PREFIX),
            hook_id=hook.id,
            sealed=self._seal.sealed(text, bound_to=hook.address),
            created_at=unit.now,
        )
        await store.add_secret(unit.connection, secret, organization_id=hook.organization_id)
        return secret


def _secret_text(style: HookStyle, stated: str | None) -> str:
    """Return the secret that the sender made, or a new one."""
    if stated is None:
        return new_secret(style, secrets.token_bytes(SECRET_BYTES))
    try:
        key_of(style, stated)
    except SecretTextError as error:
        raise DeclarationError(subject="the hook's secret", problems=(str(error),)) from None
    return stated


def _shown_once(hook: Hook, secret: HookSecret, text: str) -> Answer:
    document = {**hook_document(hook), "secrets": [secret_document(secret)]}
    return Answer(
        document={**document, "secret": text},
        status=HTTPStatus.CREATED,
        kept={**document, "secret": None},
    )


def _recorded(hook: Hook) -> JsonObject:
    return {
        "hook": hook.id,
        "name": hook.name,
        "style": hook.style.value,
        "service": hook.service_id,
        "enabled": hook.enabled,
        "mapping": hook.mapping.model_dump(mode="json"),
    }
