"""Take verdicts of evaluations, and say whether a model, a prompt and a registry passed theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import (
    GateReportRefusedError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.gate_report import GateReport, JudgedGate, judged_gate
from runtime.domain.member import MemberKind
from runtime.domain.record import Event
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject
from runtime.ports.model_reference import ModelReferenceError, parse_model_reference
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.remembered import Remembered, Told
from runtime.services.standing import (
    active_organization,
    known_id,
    refuse_others,
    steady_caller,
)
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import records
from runtime.store.gates import (
    FullGate,
    StoredGate,
    add_gate,
    brought_gate,
    count_later_gates,
    count_new_gates,
    drop_earlier_gates,
    drop_gates,
    find_gate,
    gates_before,
    newest_gate,
)
from runtime.store.list_locks import lock_list
from runtime.store.session import Database

KEPT_OF_A_KIND: Final = 50
"""How many verdicts of one model, prompt and registry are kept: those that were given last."""
KEPT: Final = timedelta(days=120)
"""How long a verdict is kept at least as none of these, from the instant at which it was given."""
MOST_A_DAY: Final = 200
"""How many new verdicts an organization may bring in 24 hours."""
DROPPED_AT_ONCE: Final = 100
FRESH_S: Final = 3.0
"""How long an answer about a gate is repeated; a verdict that takes a pass back holds by then."""
A_DAY: Final = timedelta(hours=24)
ALL_MEMBERS: Final = ""
BROUGHT: Final = "gate.uploaded"
RUN_FINISHED: Final = "eval.run_finished"
GATE_FAILED: Final = "eval.gate_failed"


class Gates:
    """Keep the verdicts of organizations."""

    def __init__(self, *, database: Database, ids: Ids, monotonic_s: Callable[[], float]) -> None:
        self._database = database
        self._ids = ids
        self._newest = Remembered[StoredGate](monotonic_s=monotonic_s)

    async def upload(
        self,
        context: Context,
        organization_id: str,
        *,
        report: GateReport,
        model: str,
        environment: str,
    ) -> Answer:
        """Keep what a report says of one model in one environment; a second time it is the same.

        Whether the evaluation took place can't be seen from here; that is why owners and services
        alone bring reports, and each of them is recorded.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the caller is neither owner nor service, or the credential was not
                made for this.
            WrongTimeError: the organization is archived, or has brought too many in one day.
            GateReportRefusedError: the report is not to be believed, or replaced by later ones.
        """
        caller = context.caller
        caller.require(Scope.EVALUATIONS_MANAGE)
        refuse_others(caller, organization_id)
        _require_gatekeeper(caller)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            judged = judged_gate(report, model=model, environment=environment, now=unit.now)
            gate, new = await self._kept(unit, caller, report, judged=judged)
            _require_gatekeeper(await steady_caller(unit, caller))  # the last lock of all
            status = HTTPStatus.CREATED if new else HTTPStatus.OK
            return Answer(document=gate_document(gate), status=status)

        answer = await once(self._database, self._ids, context, work=work)
        identity = _identity(model)
        self._newest.forget(lambda known: known.identity == identity)
        return answer

    async def page(
        self, context: Context, organization_id: str, *, before: str | None, limit: int
    ) -> tuple[StoredGate, ...]:
        """Return verdicts, those that were brought last first.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        organization = _readable(context.caller, organization_id)
        async with self._database.transaction(organization, read_only=True) as connection:
            return await gates_before(connection, before, limit=limit)

    async def read(self, context: Context, organization_id: str, *, gate_id: str) -> FullGate:
        """Return a verdict with its report.

        Raises:
            NotFoundError: there is no such verdict, or it is another organization's.
            NotAllowedError: the credential was not made for this.
        """
        organization = _readable(context.caller, organization_id)
        known_id(gate_id, kind="gate", prefix="gat")
        async with self._database.transaction(organization, read_only=True) as connection:
            found = await find_gate(connection, gate_id)
        if found is None:
            raise NotFoundError(kind="gate", id=gate_id)
        return found

    async def passed(self, *, organization_id: str, model: str, prompt: str, registry: str) -> bool:
        """Say whether the newest verdict about exactly these is a pass that still holds.

        The answer may be `FRESH_S` old.

        Raises:
            StorageUnavailableError: the database can't be asked, so nothing is known to have
                passed.
        """

        async def ask() -> Told[StoredGate]:
            async with self._database.transaction(organization_id, read_only=True) as connection:
                newest = await newest_gate(
                    connection, identity=model, prompt=prompt, registry=registry
                )
            return Told(value=newest, fresh_s=FRESH_S)

        found = await self._newest.told((organization_id, model, prompt, registry), ask)
        return found is not None and found.holds(self._ids.now())

    async def close(self) -> None:
        """Wait for what is being asked."""
        await self._newest.close()

    async def _kept(
        self, unit: Unit, caller: Caller, report: GateReport, *, judged: JudgedGate
    ) -> tuple[StoredGate, bool]:
        """Return the verdict as it is stored, and whether it was brought by this request."""
        await lock_list(
            unit.connection, "gates", project_id=caller.organization_id, member_id=ALL_MEMBERS
        )
        before = await brought_gate(
            unit.connection,
            digest=report.digest,
            model=judged.model,
            environment=judged.environment,
        )
        if before is not None:
            return before, False
        gate = StoredGate(
            id=unit.ids.new("gat"),
            run=report.subject.run,
            model=judged.model,
            identity=_identity(judged.model),
            environment=judged.environment,
            prompt=judged.surroundings.prompt,
            registry=judged.surroundings.registry,
            verdict=judged.verdict,
            digest=report.digest,
            judged_at=judged.judged_at,
            created_at=unit.now,
            created_by=caller.member_id,
        )
        await _require_room(unit, gate)
        full = FullGate(gate=gate, report=canonical_text(report.document()))
        await add_gate(unit.connection, full, organization_id=caller.organization_id)
        await drop_gates(unit.connection, before=unit.now - KEPT, limit=DROPPED_AT_ONCE)
        await drop_earlier_gates(unit.connection, gate, kept=KEPT_OF_A_KIND, limit=DROPPED_AT_ONCE)
        told = _told(gate, caller.organization_id)
        await unit.audit(BROUGHT, told)
        for kind in (RUN_FINISHED, *(() if gate.passed else (GATE_FAILED,))):
            event = Event(id=unit.ids.new("evt"), type=kind, document=canonical_text(told))
            await records.add_event(
                unit.connection, event, organization_id=caller.organization_id, now=unit.now
            )
        return gate, True


async def _require_room(unit: Unit, gate: StoredGate) -> None:
    """Refuse what would not be kept, and what nobody brings who evaluates.

    Raises:
        GateReportRefusedError: as many were given later as are kept.
        WrongTimeError: as many were brought as may be in one day.
    """
    later = await count_later_gates(unit.connection, gate, most=KEPT_OF_A_KIND)
    if later >= KEPT_OF_A_KIND:
        raise GateReportRefusedError(
            pointer="/subject/judged_at",
            problem=f"{KEPT_OF_A_KIND} verdicts of this model, prompt and registry were given "
            "later, which is all that are kept; evaluate anew",
        )
    new = await count_new_gates(unit.connection, since=unit.now - A_DAY, most=MOST_A_DAY)
    if new >= MOST_A_DAY:
        raise WrongTimeError(
            what="the organization's gates",
            found=f"{MOST_A_DAY} new ones within 24 hours, and no more are taken",
            remedy="bring this one later, or fewer of each run",
        )


def _identity(model: str) -> str:
    """Return what of a model's reference shapes its answers; what is none stays as it is."""
    try:
        return parse_model_reference(model).identity
    except ModelReferenceError:
        return model


def gate_document(gate: StoredGate) -> JsonObject:
    """Spell a verdict as callers read it."""
    return {
        "id": gate.id,
        "run": gate.run,
        "model": gate.model,
        "environment": gate.environment,
        "prompt": gate.prompt,
        "registry": gate.registry,
        "passed": gate.passed,
        "verdict": gate.verdict.value,
        "digest": gate.digest,
        "judged_at": spelled_instant(gate.judged_at),
        "created_at": spelled_instant(gate.created_at),
        "created_by": gate.created_by,
    }


def _told(gate: StoredGate, organization_id: str) -> JsonObject:
    return {
        "organization": organization_id,
        "gate": gate.id,
        "run": gate.run,
        "model": gate.model,
        "environment": gate.environment,
        "prompt": gate.prompt,
        "registry": gate.registry,
        "verdict": gate.verdict.value,
        "digest": gate.digest,
        "judged_at": spelled_instant(gate.judged_at),
    }


def _readable(caller: Caller, organization_id: str) -> str:
    caller.require(Scope.EVALUATIONS_READ)
    refuse_others(caller, organization_id)
    return caller.organization_id


def _require_gatekeeper(caller: Caller) -> None:
    """Refuse members who neither own the organization nor are a service, as of a pipeline.

    Raises:
        NotAllowedError: the caller is another member.
    """
    if not caller.owner and caller.member_kind is not MemberKind.SERVICE:
        raise NotAllowedError(
            needs="the organization's role owner, or a service",
            has=f"{caller.organization_role.value}, a {caller.member_kind.value}",
        )
