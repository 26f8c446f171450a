"""Simulate and execute plans in a project: the same engine, and only the second one commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError
from runtime.domain.member import MemberKind
from runtime.domain.outcome import PlanOutcome
from runtime.domain.plan import Plan
from runtime.domain.principal import Mode, Principal
from runtime.domain.scope import Scope
from runtime.engine.facts import NO_GATE
from runtime.kit.canonical_json import digest_bytes
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Context, Ids
from runtime.services.execution.approval_facts import gather_approvals
from runtime.services.execution.changes import Executed, Execution, JobEnd, Proposer
from runtime.services.execution.decisions import Decisions, Place
from runtime.services.execution.draft import Tenure, outcome_document
from runtime.services.execution.gate_facts import gather_gates
from runtime.services.execution.judges import Judges
from runtime.services.execution.judging import SharedFacts, Vouched
from runtime.services.execution.lines import Lines
from runtime.services.execution.shared_facts import read_use
from runtime.services.execution.shared_rates import Rates
from runtime.services.identity.access import Access
from runtime.store.heads import read_head
from runtime.store.session import Database

PATIENCE_S: Final = 10.0
MOST_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Hold what a caller says of a plan.

    Attributes:
        confirms: the digest of the plan, as a simulation or a refusal showed it.
        approval: the id of the request that others granted.
        proposer: the model that proposed the plan, where the platform asked it itself.
        gate: the id of the gate by which the plan passed, as its caller says.
        expects: the version that the state must have.
        atomic: all steps or none.
        patience_s: how long to wait for the plan's turn.
        outcome_id: the id that its outcome will have, of which there is never a second one; None
            for a new id.
        ends: the job that it is asked for, which ends in the same commit.
        mode: below which the caller's own grant is held; it can't be raised.
    """

    plan: Plan
    confirms: str | None = None
    approval: str | None = None
    proposer: Proposer | None = None
    gate: str | None = None
    expects: int | None = None
    atomic: bool = False
    patience_s: float = PATIENCE_S
    outcome_id: str | None = None
    ends: JobEnd | None = None
    mode: Mode | None = None


def require_confirming(caller: Caller, asked: PlanRequest) -> None:
    """Refuse a confirmation of those who can't confirm.

    Raises:
        NotAllowedError: the credential was not made for it, or it is a service's.
    """
    if asked.confirms is None:
        return
    caller.require(Scope.PLANS_CONFIRM)
    if caller.member_kind is not MemberKind.PERSON:
        raise NotAllowedError(needs="a person, who confirms", has=caller.member_kind.value)


class Plans:
    """Judge plans on a project's state."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        access: Access,
        judges: Judges,
        decisions: Decisions,
        lines: Lines,
        rates: Rates,
        recorder: Recorder,
    ) -> None:
        self._database = database
        self._ids = ids
        self._access = access
        self._judges = judges
        self._decisions = decisions
        self._lines = lines
        self._rates = rates
        self._recorder = recorder

    async def execute(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        """Execute a plan; what the engine refuses is an outcome too, and is stored like one.

        Raises:
            LostAttemptError: the job that it is asked for is not the worker's any more; nothing was
                done.
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this, or confirms for a service.
            VersionMismatchError: the state is not the expected version; nothing was done.
            KeyReusedError: the key was used for something else.
            DeadlineError: its turn did not come in time; nothing was done.
            LeaseBusyError: another process holds the project; nothing was done.
            LeaseUnavailableError: nobody can say who may write; nothing was done.
            RatesUnavailableError: nobody can say what rates allow; nothing was done.
            StorageUnavailableError: whether it was done is not known; repeat with the same key.
        """
        context.caller.require(Scope.PLANS_EXECUTE)
        execution = await self._execution(context, project_id, asked=asked)
        return await self._lines.join(
            execution,
            project_id=project_id,
            standing=lambda: self._principal(context.caller, project_id, mode=asked.mode),
            patience_s=min(asked.patience_s, MOST_PATIENCE_S),
        )

    async def simulate(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        """Return the outcome that executing the plan now would have; that it was asked is kept.

        Raises:
            NotFoundError, NotAllowedError, VersionMismatchError, RatesUnavailableError,
                StorageUnavailableError: as `execute` does.
        """
        context.caller.require(Scope.PLANS_SIMULATE)
        execution = await self._execution(context, project_id, asked=asked)
        head = await read_head(
            self._database,
            organization_id=context.caller.organization_id,
            project_id=project_id,
        )
        tenure = self._tenure(context, project_id, fence=head.fence)
        judge = await self._judges.current(tenure.organization_id, head.environment)
        place = Place(
            organization_id=tenure.organization_id,
            project_id=project_id,
            head=head,
            registry=judge.registry,
            now=tenure.now,
        )
        decided = await self._decisions.of([execution], place)
        approvals = await gather_approvals(self._database, [execution], place, decided=decided)
        gates = await gather_gates(self._database, [execution], place, decided=decided)
        judged = judge.execution(
            execution,
            head,
            state=head.state,
            usage=head.usage.at(tenure.now, head.limits),
            tenure=tenure,
            decided=decided[execution.outcome_id],
            vouched=Vouched(
                approval=approvals.named.get(execution.outcome_id),
                gate=gates.get(execution.outcome_id, NO_GATE),
            ),
            shared=SharedFacts(
                use=await read_use(self._database, [execution], place, decided=decided),
                rate_grant=await self._rates.foreseen(execution, place, decided=decided),
            ),
        )
        after = judged.state
        document = outcome_document(
            judged.outcome, execution, around=(head.state, after), tenure=tenure
        )
        await self._record(context.caller, project_id, judged.outcome, document=document)
        return Executed(document=document.decode(), version=after.version, digest=after.digest)

    def _tenure(self, context: Context, project_id: str, *, fence: int) -> Tenure:
        return Tenure(
            organization_id=context.caller.organization_id,
            project_id=project_id,
            fence=fence,
            now=self._ids.now(),
        )

    async def _record(
        self, caller: Caller, project_id: str, outcome: PlanOutcome, *, document: bytes
    ) -> None:
        refusal = outcome.refusal
        told = {
            "status": outcome.status.value,
            "refusal": None if refusal is None else refusal.code.value,
            "plan_digest": outcome.plan_digest,
            "document_digest": digest_bytes(document),
        }
        await self._recorder.write(caller, "plan.simulated", told, project_id=project_id)

    async def _principal(self, caller: Caller, project_id: str, *, mode: Mode | None) -> Principal:
        return (await self._access.principal(caller, project_id)).held_to(mode)

    async def _execution(
        self, context: Context, project_id: str, *, asked: PlanRequest
    ) -> Execution:
        caller = context.caller
        require_confirming(caller, asked)
        return Execution(
            outcome_id=asked.outcome_id or self._ids.new("out"),
            plan=asked.plan,
            principal=await self._principal(caller, project_id, mode=asked.mode),
            credential_id=caller.credential_id,
            confirms=asked.confirms,
            approval=asked.approval,
            proposer=asked.proposer,
            gate=asked.gate,
            expects=asked.expects,
            atomic=asked.atomic,
            key=context.key,
            ends=asked.ends,
        )
