"""Carry one request through its resolvers: who asks, the use cases, and what was loaded for it.

Nothing here outlives a request: what one caller loaded is never there for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import strawberry
from graphql import get_argument_values

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError
from runtime.domain.history import StoredOutcome
from runtime.domain.member import Member
from runtime.entrypoints.graphql.inputs import key_of
from runtime.entrypoints.graphql.loading import Loader, Place
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject
from runtime.services.audit.access_refusals import Asked
from runtime.services.context import Context, RequestKey
from runtime.services.platform import Platform
from runtime.services.unit_of_work import Answer

ROUTE: Final = "POST /graphql"
PATH: Final = "/graphql"
AT_ONCE: Final = 4
"""How many use cases work at a time for one request, so that none takes every connection."""

T = TypeVar("T")
Use: TypeAlias = Callable[[Platform, Context], Awaitable[T]]


@dataclass(slots=True, kw_only=True)
class Call:
    """Hold one request.

    Attributes:
        credential: the text that proved who asks; streams prove it anew.
    """

    services: Platform
    caller: Caller
    credential: str = field(repr=False)
    members: Loader[Member] = field(init=False)
    outcomes: Loader[StoredOutcome] = field(init=False)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def __post_init__(self) -> None:
        """Give the request loaders of its own."""
        self.members = Loader("member", self._members)
        self.outcomes = Loader("outcome", self._outcomes)

    async def ask(self, named: str, use: Use[T], *, key: RequestKey | None = None) -> T:
        """Return what a use case answers; a refusal by rights is recorded before it is told.

        Args:
            named: the field that asks, such as `Query.me`.
            use: what to ask.
            key: under which something changes.

        Raises:
            DomainError: as the use case does.
            StorageUnavailableError: a refusal is not known to be recorded.
        """
        async with self._turn:
            try:
                return await use(self.services, Context(caller=self.caller, key=key))
            except NotAllowedError as error:
                asked = Asked(route=f"{ROUTE} {named}", path=PATH)
                await self.services.access_refusals.note(
                    self.caller, asked, needs=error.needs, has=error.has
                )
                raise

    async def change(
        self, named: str, use: Use[T], *, key: str | None, arguments: Mapping[str, Any]
    ) -> T:
        """Return what a use case answers that changes something, at most once for each key.

        Args:
            named: the field, which is the key's route.
            use: what to ask.
            key: as the client chose it; None: each request acts.
            arguments: of the field; the same key with others is refused.

        Raises:
            RequestValidationError: the key can't be kept.
            DomainError: as the use case does.
        """
        used = None
        if key_of(key) is not None:
            used = RequestKey(
                route=f"{ROUTE} {named}", key=str(key), body_digest=digest(dict(arguments))
            )
        return await self.ask(named, use, key=used)

    def place(self, item_id: str, *, project_id: str = "") -> Place:
        """Return what something of the caller's tenant is remembered by."""
        return Place(organization_id=self.caller.organization_id, project_id=project_id, id=item_id)

    def expect_members(self, ids: Iterable[str]) -> None:
        """Load some members, if any of them is asked for, with the first one."""
        self.members.expect(self.place(item) for item in ids)

    def expect_outcomes(self, project_id: str, ids: Iterable[str | None]) -> None:
        """Load some outcomes of a project, if any of them is asked for, with the first one."""
        self.outcomes.expect(self.place(item, project_id=project_id) for item in ids if item)

    async def _members(self, places: tuple[Place, ...]) -> Mapping[Place, Member]:
        ids = tuple(place.id for place in places)
        found = await self.ask(
            "Member", lambda services, context: services.members.named(context, ids)
        )
        return {self.place(member.id): member for member in found}

    async def _outcomes(self, places: tuple[Place, ...]) -> Mapping[Place, StoredOutcome]:
        """Load outcomes, with one question for each project."""
        known: dict[Place, StoredOutcome] = {}
        for project in dict.fromkeys(place.project_id for place in places):
            ids = tuple(place.id for place in places if place.project_id == project)
            found = await self.ask("Outcome", _outcomes_of(project, ids))
            known.update({self.place(item.id, project_id=project): item for item in found})
        self.expect_members(item.principal_id for item in known.values())
        return known


Info: TypeAlias = strawberry.Info[Call, None]
"""What a resolver is told."""


def named(info: Info) -> str:
    """Return the name of the field that is resolved, such as `Query.me`."""
    return f"{info._raw_info.parent_type.name}.{info.field_name}"  # noqa: SLF001  # told nowhere else


async def asked(info: Info, use: Use[T]) -> T:
    """Return what a use case answers for the field that is resolved; raise as `Call.ask` does."""
    return await info.context.ask(named(info), use)


async def executed(info: Info, use: Use[T]) -> T:
    """Return what a use case answers that changes something, once for the key of the field.

    Raises:
        RequestValidationError: the key can't be kept, or was used with other arguments.
        DomainError: as the use case does.
    """
    raw = info._raw_info  # noqa: SLF001  # told nowhere else
    given = get_argument_values(
        raw.parent_type.fields[raw.field_name], raw.field_nodes[0], raw.variable_values
    )
    key = given.pop("idempotencyKey", None)
    return await info.context.change(named(info), use, key=key, arguments=given)


async def changed(info: Info, use: Use[Answer]) -> JsonObject:
    """Return the document of what a use case changed; raise as `executed` does."""
    return (await executed(info, use)).document


def _outcomes_of(project_id: str, ids: tuple[str, ...]) -> Use[tuple[StoredOutcome, ...]]:
    return lambda services, context: services.outcomes.named(context, project_id, ids=ids)
