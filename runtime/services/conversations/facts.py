"""Keep what the agent of a project is told of a member in each of their turns.

A fact belongs to one member in one project: who reads, tells and forgets it is that member alone,
and no role reaches those of others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.fact import MOST_FACTS, Fact, FactSource
from runtime.domain.member import MemberKind
from runtime.domain.scope import Scope
from runtime.domain.turn import TURN_PREFIX
from runtime.kit.json_value import JsonValue
from runtime.services.context import Context, Ids
from runtime.services.conversations.documents import fact_document
from runtime.services.standing import active, known_id, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import facts
from runtime.store.list_locks import lock_list
from runtime.store.session import Database
from runtime.store.turns import owner_of_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class FactWish:
    """Say what is to be remembered.

    Attributes:
        lasts: for how long; None: until it is forgotten.
        turn_id: the turn of the member's own from which it was learned.
    """

    value: JsonValue
    lasts: timedelta | None = None
    turn_id: str | None = None


class Facts:
    """Keep the facts of members."""

    def __init__(self, *, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids

    async def of_caller(self, context: Context, project_id: str) -> tuple[Fact, ...]:
        """Return the caller's own facts in a project that hold, in the order of their keys.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await facts.facts_of(
                connection, caller.member_id, project_id=project_id, now=self._ids.now()
            )

    async def put(self, context: Context, project_id: str, key: str, *, wish: FactWish) -> Answer:
        """Remember a fact of the caller's own, in place of what its key said before.

        Raises:
            NotFoundError: no such project that the caller may see, or no such turn of theirs in it.
            NotAllowedError: the credential was not made for this.
            ProjectArchivedError: it is archived.
            WrongTimeError: the caller has too many there.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)

        async def work(unit: Unit) -> Answer:
            active((await seen(unit.connection, caller, project_id)).project)
            await _refuse_too_many(unit, caller, project_id, key=key)
            if wish.turn_id is not None:
                await _require_own_turn(unit, caller, project_id, turn_id=wish.turn_id)
            fact = Fact(
                project_id=project_id,
                member_id=caller.member_id,
                key=key,
                value=wish.value,
                source=_source(caller, wish),
                set_at=unit.now,
                turn_id=wish.turn_id,
                expires_at=None if wish.lasts is None else unit.now + wish.lasts,
            )
            await facts.put_fact(unit.connection, fact, organization_id=caller.organization_id)
            told = {"key": key, "source": fact.source.value, "turn": fact.turn_id}
            await unit.audit("fact.put", told, project_id=project_id)
            return Answer(document=fact_document(fact), kept={"key": key})

        answer = await once(self._database, self._ids, context, work=work)
        if not answer.replayed:
            return answer
        for fact in await self.of_caller(context, project_id):
            if fact.key == key:
                return replace(answer, document=fact_document(fact))
        raise NotFoundError(kind="fact", id=key)

    async def delete(self, context: Context, project_id: str, key: str) -> Answer:
        """Forget a fact of the caller's own; works in an archived project too.

        Raises:
            NotFoundError: no such project that the caller may see, or no such fact of theirs.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await seen(unit.connection, caller, project_id)
            had = await facts.take_fact(
                unit.connection, caller.member_id, project_id=project_id, key=key
            )
            if not had:
                raise NotFoundError(kind="fact", id=key)
            await unit.audit("fact.deleted", {"key": key}, project_id=project_id)
            return Answer(document={"key": key})

        return await once(self._database, self._ids, context, work=work)


def _source(caller: Caller, wish: FactWish) -> FactSource:
    """Return who a fact comes from, by the credential and not by what the caller says."""
    if wish.turn_id is not None:
        return FactSource.TURN
    return FactSource.PERSON if caller.member_kind is MemberKind.PERSON else FactSource.IMPORT


async def _refuse_too_many(unit: Unit, caller: Caller, project_id: str, *, key: str) -> None:
    await lock_list(unit.connection, "facts", project_id=project_id, member_id=caller.member_id)
    had = await facts.facts_of(
        unit.connection, caller.member_id, project_id=project_id, now=unit.now
    )
    if len(had) >= MOST_FACTS and key not in {fact.key for fact in had}:
        raise WrongTimeError(
            what="your list of facts here",
            found=f"full, with {MOST_FACTS} of them",
            remedy="delete one that is not needed any more first",
        )


async def _require_own_turn(unit: Unit, caller: Caller, project_id: str, *, turn_id: str) -> None:
    known_id(turn_id, kind="turn", prefix=TURN_PREFIX)
    owner = await owner_of_turn(unit.connection, turn_id, project_id=project_id)
    if owner != caller.member_id:
        raise NotFoundError(kind="turn", id=turn_id)
