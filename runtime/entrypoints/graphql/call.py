"""Carry one request through its resolvers: who asks, the use cases, and what was loaded for it.

Nothing here outlives a request: what one caller loaded is never there for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.history import StoredOutcome
from runtime.domain.member import Member
from runtime.entrypoints.graphql.inputs import key_of
from runtime.kit.canonical_json import digest
from runtime.services.audit.access_refusals import Asked
from runtime.services.context import Context, RequestKey
from runtime.services.platform import Platform

ROUTE: Final = "POST /graphql"
PATH: Final = "/graphql"
AT_ONCE: Final = 4
"""How many use cases work at a time for one request, so that none takes every connection."""
MOST_LOADED: Final = 1_000

T = TypeVar("T")
Use: TypeAlias = Callable[[Platform, Context], Awaitable[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Name something of a tenant: what a loader remembers it by.

    Attributes:
        project_id: empty for what is of the organization itself.
    """

    organization_id: str
    project_id: str = ""
    id: str


@dataclass(slots=True, kw_only=True)
class Call:
    """Hold one request.

    Attributes:
        credential: the text that proved who asks; streams prove it anew.
    """

    services: Platform
    caller: Caller
    credential: str = field(repr=False)
    members: DataLoader[Place, Member | BaseException] = field(init=False)
    outcomes: DataLoader[Place, StoredOutcome | BaseException] = field(init=False)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def __post_init__(self) -> None:
        """Give the request loaders of its own."""
        self.members = DataLoader(self._members, max_batch_size=MOST_LOADED)
        self.outcomes = DataLoader(self._outcomes, max_batch_size=MOST_LOADED)

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

    async def _members(self, places: list[Place]) -> Sequence[Member | BaseException]:
        ids = tuple(place.id for place in places)
        found = await self.ask(
            "Member", lambda services, context: services.members.named(context, ids)
        )
        known = {member.id: member for member in found}
        return [known.get(item, NotFoundError(kind="member", id=item)) for item in ids]

    async def _outcomes(self, places: list[Place]) -> Sequence[StoredOutcome | BaseException]:
        """Load outcomes, with one question for each project."""
        known: dict[Place, StoredOutcome] = {}
        for project in dict.fromkeys(place.project_id for place in places):
            ids = tuple(place.id for place in places if place.project_id == project)
            found = await self.ask("Outcome", _outcomes_of(project, ids))
            known.update({self.place(item.id, project_id=project): item for item in found})
        return [known.get(place, NotFoundError(kind="outcome", id=place.id)) for place in places]


Info: TypeAlias = strawberry.Info[Call, None]
"""What a resolver is told."""


def named(info: Info) -> str:
    """Return the name of the field that is resolved, such as `Query.me`."""
    return f"{info._raw_info.parent_type.name}.{info.field_name}"  # noqa: SLF001  # told nowhere else


def _outcomes_of(project_id: str, ids: tuple[str, ...]) -> Use[tuple[StoredOutcome, ...]]:
    return lambda services, context: services.outcomes.named(context, project_id, ids=ids)
