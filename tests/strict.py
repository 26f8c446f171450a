"""Give tests an organization that is strict: nothing is committed without an immutable copy."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from runtime.adapters.aes_seal import AesSeal
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import Clock, FixedClock, SystemClock
from runtime.ports.audit_sink import AuditSink
from runtime.services.audit.copy_checks import CopyChecks
from runtime.services.audit.copy_listings import CopyListings
from runtime.services.audit.copy_objects import CopyLine, read_copies
from runtime.services.audit.copy_sinks import CopySinks
from runtime.services.audit.copying import Copying
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.reconciling import Reconciling, ReconcilingPace
from runtime.services.audit.sequencing import Sequencing
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Ids
from runtime.services.execution.commits import Commits
from runtime.store.audit_settings import put_audit_settings
from runtime.store.session import Database
from tests.execution import World, a_caller, a_project, opened
from tests.worm import WormFiles

PUT_WITHIN_S = 0.5


class CountingCopies:
    """Remember what was told of copies."""

    def __init__(self) -> None:
        self.objects: list[int] = []
        self.took_ms: list[float] = []
        self.failures = 0
        self.whys = set[str]()
        self.reachable: list[bool] = []
        self.refused = 0
        self.missing = 0
        self.changed = 0
        self.orphans = 0

    def object_copied(self, sink: str, *, records: int, seconds: float) -> None:
        """Remember an object."""
        self.objects.append(records)
        self.took_ms.append(seconds * 1000)

    def sink_failed(self, sink: str, *, why: str) -> None:
        """Count a failure."""
        self.failures += 1
        self.whys.add(why)

    def sink_reachable(self, sink: str, *, reachable: bool) -> None:
        """Remember a turn."""
        self.reachable.append(reachable)

    def copies_refused(self, records: int) -> None:
        """Count records."""
        self.refused += records

    def copy_missing(self) -> None:
        """Count an alarm."""
        self.missing += 1

    def copies_changed(self, sink: str) -> None:
        """Count an alarm."""
        self.changed += 1

    def orphans_marked(self, lines: int) -> None:
        """Count lines."""
        self.orphans += lines


def subject_keys(database: Database, clock: Clock) -> SubjectKeys:
    """Build keys of subjects; of two processes they are the same."""
    return SubjectKeys(database, AesSeal([b"k" * 32]), clock)


def a_copying(
    database: Database,
    sinks: Sequence[AuditSink],
    *,
    clock: Clock,
    measures: CountingCopies,
    put_within_s: float = PUT_WITHIN_S,
) -> tuple[CopySinks, Copying]:
    """Build what copies records into sinks."""
    copy_sinks = CopySinks(
        sinks, monotonic_s=clock.monotonic_s, measures=measures, put_within_s=put_within_s
    )
    copying = Copying(
        copy_sinks, keys=subject_keys(database, clock), ids=Ids(clock), measures=measures
    )
    return copy_sinks, copying


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictWorld:
    """Hold one process that makes copies, of an organization that may be strict."""

    world: World
    sinks: Sequence[WormFiles]
    copy_sinks: CopySinks
    copying: Copying
    measures: CountingCopies
    clock: Clock = field(default_factory=SystemClock)

    @property
    def sink(self) -> WormFiles:
        """Return the first sink."""
        return self.sinks[0]

    @property
    def organization(self) -> str:
        """Return the organization's id."""
        return self.world.caller.organization_id

    async def demand(self, *, strict: bool = True, since: datetime | None = None) -> None:
        """Let the organization be strict from an instant on, or not any more."""
        async with self.world.database.transaction(self.organization) as connection:
            await put_audit_settings(
                connection,
                self.organization,
                strict=strict,
                keep_days=None,
                changed_by=self.world.caller.member_id,
                now=since or self.world.ids.now(),
            )

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return rows of the organization as they are stored."""
        async with self.world.database.transaction(self.organization, read_only=True) as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def sequence(self) -> None:
        """Give all records their numbers."""
        await number_all(self.world.database, self.clock)

    def lines(self) -> list[CopyLine]:
        """Return what is copied in the first sink."""
        bodies = [path.read_bytes() for path in self.sink.objects()]
        return [line for body in bodies for line in read_copies(body, digest=digest_bytes(body))]

    def reconciling(
        self,
        *,
        records: int = 100,
        objects: int = 100,
        every_s: float = 10.0,
        ahead: timedelta = timedelta(minutes=2),
        sinks: Sequence[WormFiles] | None = None,
        failures: AuditLogMeasures | None = None,
    ) -> Reconciling:
        """Build what compares, as if it were some minutes later."""
        return a_reconciling(
            self.world.database,
            self.sinks if sinks is None else sinks,
            copy_sinks=self.copy_sinks,
            measures=self.measures,
            pace=ReconcilingPace(records=records, objects=objects, every_s=every_s),
            ahead=ahead,
            failures=failures,
        )


async def number_all(database: Database, clock: Clock) -> None:
    """Give all records their numbers."""
    sequencing = Sequencing(database, subject_keys(database, clock), clock)
    while await sequencing.look():
        pass


def a_reconciling(
    database: Database,
    sinks: Sequence[AuditSink],
    *,
    copy_sinks: CopySinks,
    measures: CountingCopies,
    pace: ReconcilingPace | None = None,
    ahead: timedelta = timedelta(minutes=2),
    failures: AuditLogMeasures | None = None,
) -> Reconciling:
    """Build what compares logs, copies and sinks, as if it were some minutes later."""
    ids = Ids(FixedClock(SystemClock().now() + ahead))
    return Reconciling(
        database=database,
        sinks=sinks,
        checks=CopyChecks(database, sinks=sinks, copy_sinks=copy_sinks, ids=ids, measures=measures),
        listings=CopyListings(database, ids=ids, measures=measures),
        pace=pace or ReconcilingPace(),
        measures=failures or UnmeasuredAuditLog(),
    )


async def a_strict_world(
    stack: AsyncExitStack,
    database: Database,
    redis_url: str,
    folder: Path,
    *,
    sinks: int = 1,
    strict: bool = True,
    clock: Clock | None = None,
) -> StrictWorld:
    """Make an organization with a project, and a process that copies into so many sinks."""
    told = clock or SystemClock()
    worms = [WormFiles(folder / f"sink{number}") for number in range(sinks)]
    measures = CountingCopies()
    copy_sinks, copying = a_copying(database, worms, clock=told, measures=measures)
    caller = a_caller(Ids(SystemClock()))
    project_id = await a_project(database, caller)
    world = await opened(
        stack,
        database,
        redis_url,
        caller=caller,
        project_id=project_id,
        commits=Commits(database, copies=copying),
    )
    stack.push_async_callback(copying.close)
    made = StrictWorld(
        world=world,
        sinks=worms,
        copy_sinks=copy_sinks,
        copying=copying,
        measures=measures,
        clock=told,
    )
    if strict:
        await made.demand()
    return made
