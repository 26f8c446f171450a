"""Make, change, try and remove inbound hooks; a new secret is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import strawberry
from pydantic import TypeAdapter

from runtime.domain.hook import LONGEST_OVERLAP
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import HookStyle
from runtime.entrypoints.graphql.call import Info, asked, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.inputs import fitting, name_of, one_of, text_of, unfit, within
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.scalars import Json
from runtime.entrypoints.graphql.wiring import (
    Hook,
    HookTrial,
    NewHook,
    hook_told,
    new_hook_told,
)
from runtime.kit.json_value import JsonValue
from runtime.services.hooks.hooks import HookChange
from runtime.services.hooks.hooks import NewHook as NewHookWish

MOST_SECRET_TEXT: Final = 200
MAPPING: Final = TypeAdapter(HookMapping)
A_DAY_S: Final = 86_400
LONGEST_S: Final = int(LONGEST_OVERLAP.total_seconds())


@strawberry.type
class HookMutations:
    """Change hooks."""

    @mutation(description="Make a hook; the answer is the only place that ever shows its secret.")
    async def create_hook(
        self,
        info: Info,
        project: strawberry.ID,
        name: str,
        *,
        style: str,
        service: strawberry.ID,
        mapping: Json,
        secret: str | None = None,
    ) -> NewHook | None:
        """Return the hook; a secret is one that the sender made, else a new one is made."""
        text_of(service, argument="service")
        wish = NewHookWish(
            name=name_of(name),
            style=_style(style),
            service_id=service,
            mapping=fitting(MAPPING, mapping, argument="mapping"),
            secret=_secret(secret),
        )
        return new_hook_told(
            await changed(
                info, lambda services, context: services.hooks.create(context, project, wish=wish)
            )
        )

    @mutation(description="Give a hook a new secret; the one before fits until the overlap ends.")
    async def rotate_hook_secret(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        overlap_s: int = A_DAY_S,
        secret: str | None = None,
    ) -> NewHook | None:
        """Return the hook with the new secret."""
        within(overlap_s, 0, LONGEST_S, argument="overlapS")
        overlap, own = timedelta(seconds=overlap_s), _secret(secret)
        return new_hook_told(
            await changed(
                info,
                lambda services, context: services.hooks.rotate(
                    context, project, hook_id=id, overlap=overlap, secret=own
                ),
            )
        )

    @mutation(description="The plan that a body would become; nothing is executed.", keyed=False)
    async def simulate_delivery(
        self,
        info: Info,
        project: strawberry.ID,
        hook: strawberry.ID,
        *,
        body: Json | None,
    ) -> HookTrial | None:
        """Return whether the body would act, and by which plan."""
        told: JsonValue = body
        document = await asked(
            info,
            lambda services, context: services.hooks.mapped(
                context, project, hook_id=hook, body=told
            ),
        )
        return made(HookTrial, document)

    @mutation(description="Give a hook another name or mapping, or let its deliveries act or not.")
    async def change_hook(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        name: str | None = None,
        mapping: Json | None = None,
        enabled: bool | None = None,
    ) -> Hook | None:
        """Return the hook; what is left out stays."""
        change = HookChange(
            name=None if name is None else name_of(name),
            mapping=None if mapping is None else fitting(MAPPING, mapping, argument="mapping"),
            enabled=enabled,
        )
        return hook_told(
            await changed(
                info,
                lambda services, context: services.hooks.change(
                    context, project, hook_id=id, change=change
                ),
            )
        )

    @mutation(description="Forget a hook, its secrets and what was delivered to it.")
    async def remove_hook(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Hook | None:
        """Return what it was."""
        return hook_told(
            await changed(
                info, lambda services, context: services.hooks.remove(context, project, hook_id=id)
            )
        )


def _style(text: str) -> HookStyle:
    found = one_of(HookStyle, text, argument="style")
    assert found is not None  # noqa: S101  # a text is one of them, or refused
    return found


def _secret(text: str | None) -> str | None:
    if text == "":
        raise unfit("secret", "it is empty, expected 1 character at least")
    return text_of(text, argument="secret", most=MOST_SECRET_TEXT)
