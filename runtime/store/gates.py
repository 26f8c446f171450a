"""Keep what reports of gates say of a model in an environment; the newest of a kind holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.gate_report import LONGEST_HOLDING, GateVerdict
from runtime.store.base import Id, Instant, Row


class GateRow(Row):
    """A verdict about one model in one environment."""

    __tablename__ = "gates"
    __table_args__ = (
        CheckConstraint(
            "verdict in ('pass', 'regression', 'governance', 'inconclusive', 'infrastructure')",
            name="verdict_check",
        ),
        CheckConstraint("octet_length(report) <= 1000000", name="report_check"),
        Index("gates_once", "organization_id", "digest", "model", "environment", unique=True),
        Index(
            "gates_newest", "organization_id", "identity", "registry_digest", text("judged_at desc")
        ),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    run: Mapped[Id]
    model: Mapped[Id]
    identity: Mapped[Id]
    environment: Mapped[Id]
    prompt: Mapped[Id]
    registry_digest: Mapped[Id]
    verdict: Mapped[Id]
    digest: Mapped[Id]
    report: Mapped[str] = mapped_column(Text)
    judged_at: Mapped[Instant]
    created_at: Mapped[Instant]
    created_by: Mapped[Id]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """Describe a verdict that was brought.

    Attributes:
        run: the harness's name of the run.
        model: its reference, as the report names it.
        identity: what of it shapes its answers; by this it is looked for.
        prompt, registry: by which digests the environment was evaluated.
        verdict: about this model; the report may say worse of others.
        digest: of the whole report.
        judged_at: when the verdict was given, as the report says.
    """

    id: str
    run: str
    model: str
    identity: str
    environment: str
    prompt: str
    registry: str
    verdict: GateVerdict
    digest: str
    judged_at: datetime
    created_at: datetime
    created_by: str

    @property
    def passed(self) -> bool:
        """Say whether every check passed."""
        return self.verdict is GateVerdict.PASS

    def holds(self, now: datetime) -> bool:
        """Say whether it passed, and not too long ago."""
        return self.passed and now - self.judged_at <= LONGEST_HOLDING


@dataclass(frozen=True, slots=True, kw_only=True)
class FullGate:
    """Pair a verdict with the report that it stands in, as canonical JSON text."""

    gate: StoredGate
    report: str = field(repr=False)


async def add_gate(connection: AsyncConnection, full: FullGate, *, organization_id: str) -> None:
    """Store a verdict, whose report was not brought for the same before."""
    gate = full.gate
    await connection.execute(
        insert(GateRow).values(
            organization_id=organization_id,
            id=gate.id,
            run=gate.run,
            model=gate.model,
            identity=gate.identity,
            environment=gate.environment,
            prompt=gate.prompt,
            registry_digest=gate.registry,
            verdict=gate.verdict.value,
            digest=gate.digest,
            report=full.report,
            judged_at=gate.judged_at,
            created_at=gate.created_at,
            created_by=gate.created_by,
        )
    )


async def count_later_gates(connection: AsyncConnection, gate: StoredGate, *, most: int) -> int:
    """Return how many of the same model, prompt and registry were given later, up to `most`."""
    row = GateRow
    later = select(row.id).where(*_same_kind(gate), row.judged_at > gate.judged_at).limit(most)
    return await _counted(connection, later)


async def count_new_gates(connection: AsyncConnection, *, since: datetime, most: int) -> int:
    """Return how many verdicts were brought since an instant, up to `most`."""
    row = GateRow
    return await _counted(connection, select(row.id).where(row.created_at > since).limit(most))


async def drop_gates(connection: AsyncConnection, *, before: datetime, limit: int) -> None:
    """Delete verdicts that were given before an instant; some of them."""
    row = GateRow
    old = select(row.id).where(row.judged_at < before).order_by(row.judged_at).limit(limit)
    await connection.execute(delete(row).where(row.id.in_(old)))


async def drop_earlier_gates(
    connection: AsyncConnection, gate: StoredGate, *, kept: int, limit: int
) -> None:
    """Delete the earliest of a model, prompt and registry beyond so many; some of them.

    The latest one always stays, and all that were given at its instant.
    """
    row = GateRow
    last = (
        select(row.judged_at)
        .where(*_same_kind(gate))
        .order_by(row.judged_at.desc())
        .offset(kept - 1)
        .limit(1)
        .scalar_subquery()
    )
    earlier = select(row.id).where(*_same_kind(gate), row.judged_at < last)
    dropped = earlier.order_by(row.judged_at).limit(limit)
    await connection.execute(delete(row).where(row.id.in_(dropped)))


async def find_gate(connection: AsyncConnection, gate_id: str) -> FullGate | None:
    """Return a verdict with its report."""
    asked = _gates().add_columns(GateRow.report).where(GateRow.id == gate_id).limit(1)
    row = (await connection.execute(asked)).first()
    return None if row is None else FullGate(gate=_gate(row), report=row.report)


async def brought_gate(
    connection: AsyncConnection, *, digest: str, model: str, environment: str
) -> StoredGate | None:
    """Return what a report was already brought for."""
    asked = (
        _gates()
        .where(GateRow.digest == digest, GateRow.model == model, GateRow.environment == environment)
        .limit(1)
    )
    row = (await connection.execute(asked)).first()
    return None if row is None else _gate(row)


async def gates_before(
    connection: AsyncConnection, before: str | None, *, limit: int
) -> tuple[StoredGate, ...]:
    """Return verdicts, those that were brought last first."""
    asked = _gates().order_by(GateRow.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(GateRow.id < before)
    return tuple(map(_gate, await connection.execute(asked)))


async def newest_gate(
    connection: AsyncConnection, *, identity: str, prompt: str, registry: str
) -> StoredGate | None:
    """Return the verdict about exactly these that was given last; of two at once, a failed one.

    Args:
        connection: of the organization.
        identity: of the model.
        prompt: its version and digest as `1:sha256:...`, or its version alone: the rest of a prompt
            is made of what the registry declares, and of who asks.
        registry: its digest.
    """
    asked = (
        _gates()
        .where(
            GateRow.identity == identity,
            GateRow.registry_digest == registry,
            or_(GateRow.prompt == prompt, func.split_part(GateRow.prompt, ":", 1) == prompt),
        )
        .order_by(GateRow.judged_at.desc(), GateRow.verdict == GateVerdict.PASS, GateRow.id.desc())
        .limit(1)
    )
    row = (await connection.execute(asked)).first()
    return None if row is None else _gate(row)


def _same_kind(gate: StoredGate) -> tuple[ColumnElement[bool], ...]:
    row = GateRow
    return (
        row.identity == gate.identity,
        row.registry_digest == gate.registry,
        row.prompt == gate.prompt,
    )


async def _counted(connection: AsyncConnection, found: Select[Any]) -> int:
    asked = select(func.count()).select_from(found.subquery())
    return int((await connection.execute(asked)).scalar_one())


def _gates() -> Select[Any]:
    row = GateRow
    columns: tuple[Any, ...] = (
        row.id,
        row.run,
        row.model,
        row.identity,
        row.environment,
        row.prompt,
        row.registry_digest,
        row.verdict,
        row.digest,
        row.judged_at,
        row.created_at,
        row.created_by,
    )
    return select(*columns)


def _gate(row: Found[*tuple[Any, ...]]) -> StoredGate:
    return StoredGate(
        id=row.id,
        run=row.run,
        model=row.model,
        identity=row.identity,
        environment=row.environment,
        prompt=row.prompt,
        registry=row.registry_digest,
        verdict=GateVerdict(row.verdict),
        digest=row.digest,
        judged_at=row.judged_at,
        created_at=row.created_at,
        created_by=row.created_by,
    )
