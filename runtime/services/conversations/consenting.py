"""Simulate and execute what a turn proposes, by the very use cases of any other plan.

An execution begins by noting under which id its outcome will stand, and ends by noting the outcome.
Whoever dies between the two leaves a turn of which storage knows the truth: there is never a second
outcome of an id, so executing again finds the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import WrongTimeError
from runtime.domain.plan import Plan
from runtime.domain.proposal import PlanProposal
from runtime.domain.scope import Scope
from runtime.domain.turn import Turn, turn_outcome_id
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.conversations.rights import (
    held_own_conversation,
    held_turn_of,
    own_conversation,
    turn_of,
)
from runtime.services.conversations.truth import settled
from runtime.services.conversations.turns import open_turn
from runtime.services.execution.changes import Executed, Proposer
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.services.standing import seen
from runtime.services.unit_of_work import Answer, Unit, once, use_of
from runtime.store import conversations, turns
from runtime.store.idempotency_keys import stored_answer
from runtime.store.session import Database

ROUTE: Final = "TURN"
"""What the keys of executions are used for; no request has such a method."""
_TRYING: Final = "trying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Hold what a caller says of a plan that they execute, as with any other plan.

    Attributes:
        confirms: the digest of the plan, as a simulation or a refusal showed it.
        approval: the id of the request that others granted.
        atomic: all steps or none.
    """

    confirms: str | None = None
    approval: str | None = None
    atomic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Hold an execution that is to take place: of which turn, and under which id."""

    turn: Turn
    plan: Plan
    outcome_id: str


class Consenting:
    """Simulate and execute the plans of turns."""

    def __init__(self, *, database: Database, ids: Ids, plans: Plans) -> None:
        self._database = database
        self._ids = ids
        self._plans = plans

    async def simulate(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str
    ) -> Executed:
        """Return the outcome that executing the turn's plan now would have.

        Raises:
            NotFoundError: no such project, or no such conversation or turn of the caller's own.
            WrongTimeError: the turn has no plan.
            DomainError: as `Plans.simulate`.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            conversation = await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            turn = await turn_of(connection, conversation, turn_id)
        asked = PlanRequest(plan=_plan_of(turn), mode=turn.mode, proposer=_proposer_of(turn))
        return await self._plans.simulate(context, project_id, asked=asked)

    async def execute(
        self,
        context: Context,
        project_id: str,
        conversation_id: str,
        *,
        turn_id: str,
        consent: Consent,
    ) -> Executed:
        """Execute the turn's plan, once; one that changed nothing may be executed again.

        Raises:
            NotFoundError: no such project, or no such conversation or turn of the caller's own.
            WrongTimeError: the turn has no plan, or is decided about.
            DomainError: as `Plans.execute`; nothing was done, or it is found by executing again.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        begun = await self._begun(context, project_id, conversation_id, turn_id=turn_id)
        if isinstance(begun, Executed):
            return begun
        outcome_id = begun.outcome_id
        executed = await self._plans.execute(
            Context(
                caller=caller,
                key=RequestKey(route=ROUTE, key=outcome_id, body_digest=outcome_id),
            ),
            project_id,
            asked=PlanRequest(
                plan=begun.plan,
                confirms=consent.confirms,
                approval=consent.approval,
                atomic=consent.atomic,
                outcome_id=outcome_id,
                mode=begun.turn.mode,
                proposer=_proposer_of(begun.turn),
            ),
        )
        await self._ended(context, project_id, begun.turn, outcome=parse(executed.document))
        return executed

    async def _begun(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str
    ) -> _Begun | Executed:
        """Note that an execution begins, unless the request was answered before."""
        use, begun = use_of(context), list[_Begun]()

        async def work(unit: Unit) -> Answer:
            turn = await _held(unit, context.caller, (project_id, conversation_id), turn_id=turn_id)
            stored = None if use is None else await stored_answer(unit.connection, use)
            if stored is not None:  # written by whoever held the turn before
                return Answer(document=parse(stored.answer), replayed=True)
            outcome_id = turn.trying
            if outcome_id is None:
                open_turn(turn)
                outcome_id = turn_outcome_id(turn.id, attempt=turn.tries + 1)
                turn = replace(turn, tries=turn.tries + 1)
            plan = _plan_of(turn)
            turn = replace(turn, trying=outcome_id, tried_at=unit.now)
            await turns.change_turn(unit.connection, turn)
            begun.append(_Begun(turn=turn, plan=plan, outcome_id=outcome_id))
            return Answer(document={_TRYING: outcome_id})

        answer = await once(self._database, self._ids, Context(caller=context.caller), work=work)
        return _repeated(answer.document) if answer.replayed else begun[0]

    async def _ended(
        self, context: Context, project_id: str, tried: Turn, *, outcome: JsonObject
    ) -> None:
        """Note what came of an execution, and keep its answer for the request's key.

        One that comes late changes nothing of a turn that another request is executing by now, or
        that its owner decided about.
        """

        async def work(unit: Unit) -> Answer:
            there = await conversations.held_conversation(
                unit.connection, tried.conversation_id, project_id=project_id
            )
            if there is not None:
                turn = await held_turn_of(unit.connection, there, tried.id)
                if turn.trying == outcome["id"]:  # else somebody noted it, or went on, before
                    done = settled(turn, str(outcome["id"]), outcome)
                    await turns.change_turn(unit.connection, done)
            told = {
                "turn": tried.id,
                "conversation": tried.conversation_id,
                "outcome": outcome["id"],
                "status": outcome["status"],
                "edited": tried.plan is not None,
            }
            await unit.audit("turn.executed", told, project_id=project_id)
            return Answer(document=outcome)

        await once(self._database, self._ids, context, work=work)


async def _held(unit: Unit, caller: Caller, place: tuple[str, str], *, turn_id: str) -> Turn:
    """Return a turn of the caller's own for this transaction to change.

    What an execution came to whose end was not noted is not looked up: that one is gone on with.
    """
    project_id, conversation_id = place
    await seen(unit.connection, caller, project_id)
    conversation = await held_own_conversation(
        unit.connection, caller, project_id=project_id, conversation_id=conversation_id
    )
    return await held_turn_of(unit.connection, conversation, turn_id)


def _plan_of(turn: Turn) -> Plan:
    """Return what a turn would execute.

    Raises:
        WrongTimeError: it has no plan.
    """
    proposal = turn.current
    if not isinstance(proposal, PlanProposal):
        kind = "without a proposal" if proposal is None else f"a {proposal.kind}"
        raise WrongTimeError(
            what=f"what turn '{turn.id}' says", found=kind, remedy="only plans are executed"
        )
    return proposal.plan


def _proposer_of(turn: Turn) -> Proposer | None:
    """Return who proposed a turn's plan, if it is a model's; what a person wrote is nobody's."""
    asked = turn.comparability
    if turn.plan is not None or asked is None:
        return None
    return Proposer(model=asked.model, prompt=asked.prompt)


def _repeated(outcome: JsonObject) -> Executed:
    after = outcome["after"]
    return Executed(
        document=canonical_text(outcome),
        version=after["version"],
        digest=after["digest"],
        replayed=True,
    )
