"""Keep secrets for tests: a provider at the port that does as it is told, and readers over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from runtime.bootstrap.keyed_models import ModelKeys
from runtime.domain.errors import SecretError, SecretMissingError, SecretUnavailableError
from runtime.domain.secret_reference import SecretRef, read_reference
from runtime.domain.secret_value import SecretValue
from runtime.kit.clock import Clock, FixedClock
from runtime.ports.secret_provider import Fetched, Lease, SecretProvider
from runtime.services.secrets.budget import CallBudget
from runtime.services.secrets.classes import SecretClass
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.measures import FetchResult, Reading
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.spaces import SecretSpaces, read_spaces
from runtime.services.secrets.wishes import Wish

ORGANIZATION: Final = "org_01KDVDNA000000000000000000"
OTHER: Final = "org_01KDVDNA000000000000000001"
SPACES: Final = f'{{"{ORGANIZATION}": ["vault://kv/shop/", "vault://database/creds/shop"]}}'
CRM: Final = read_reference("vault://kv/shop/crm#token")
NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def down(reference: SecretRef) -> SecretError:
    """Return the error of a provider that nobody reaches."""
    return SecretUnavailableError(
        reference=reference.text(), problem="nobody answers", advice="wait"
    )


@dataclass(slots=True)
class ToldProvider:
    """Answer from a table, of text and version by path, or fail as a test says."""

    values: dict[str, tuple[str | bytes, str]] = field(default_factory=dict)
    fails: Callable[[SecretRef], SecretError] | None = None
    lease: Lease | None = None
    renewals: list[Lease | SecretError] = field(default_factory=list)
    hold: asyncio.Event | None = None
    fetched: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    closed: bool = False
    schemes: frozenset[str] = frozenset({"vault", "awssm", "gcpsm", "file", "env"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Answer with what is in the table once it may."""
        self.fetched.append(reference.text())
        failure = None if self.fails is None else self.fails(reference)
        found = self.values.get(reference.path)
        if self.hold is not None:
            await self.hold.wait()
        await asyncio.sleep(0)
        if failure is not None:
            raise failure
        if found is None:
            raise SecretMissingError(
                reference=reference.text(), problem="nothing is there", advice="put it there"
            )
        value, version = found
        return Fetched(value=SecretValue(value), version=version, lease=self.lease)

    async def renew(self, lease: Lease) -> Lease:
        """Answer with the next renewal."""
        self.renewed.append(lease.id)
        answer = self.renewals.pop(0)
        if isinstance(answer, SecretError):
            raise answer
        return answer

    async def ready(self) -> None:
        """Return."""

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


@dataclass(slots=True)
class OneProvider:
    """Know one provider, which keeps everything."""

    provider: ToldProvider

    def of(self, reference: SecretRef) -> SecretProvider:
        """Return it."""
        return self.provider

    async def close(self) -> None:
        """Close it."""
        await self.provider.close()


@dataclass(slots=True)
class KeptRecords:
    """Keep what was recorded, or fail as a test says."""

    read_of: list[tuple[Reading, FetchResult, str | None]] = field(default_factory=list)
    fails: Exception | None = None

    async def read(self, reading: Reading, result: FetchResult, *, version: str | None) -> None:
        """Keep it."""
        if self.fails is not None:
            raise self.fails
        self.read_of.append((reading, result, version))


@dataclass(slots=True)
class KeptMeasures:
    """Keep what was measured."""

    results: list[FetchResult] = field(default_factory=list)
    heard: int = 0
    failures: list[str] = field(default_factory=list)
    told: asyncio.Condition = field(default_factory=asyncio.Condition)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    def fetched(
        self, reading: Reading, result: FetchResult, *, version: str | None, seconds: float
    ) -> None:
        """Keep the result."""
        self.results.append(result)

    def rotation_heard(self, rotations: int) -> None:
        """Count them."""
        self.heard += rotations
        self._tell()

    def failed(self, what: str, error: Exception) -> None:
        """Keep what failed."""
        self.failures.append(what)
        self._tell()

    async def until(self, met: Callable[[], bool], *, within_s: float = 10.0) -> None:
        """Return once what was measured is as a test wants it."""
        async with asyncio.timeout(within_s), self.told:
            await self.told.wait_for(met)

    def _tell(self) -> None:
        task = asyncio.create_task(self._notify())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _notify(self) -> None:
        async with self.told:
            self.told.notify_all()


@dataclass(slots=True, kw_only=True)
class Keeping:
    """Hold a reader and all that it stands on."""

    provider: ToldProvider
    clock: FixedClock
    records: KeptRecords
    measures: KeptMeasures
    reader: SecretReader


def a_wish(
    reference: SecretRef = CRM,
    *,
    organization: str | None = ORGANIZATION,
    kind: SecretClass = SecretClass.CREDENTIAL,
) -> Wish:
    """Build what is wanted, for the shop."""
    return Wish(reference=reference, why="a test", organization=organization, kind=kind)


def a_reader(
    provider: ToldProvider,
    *,
    clock: Clock,
    records: KeptRecords | None = None,
    measures: KeptMeasures | None = None,
    spaces: SecretSpaces | None = None,
    budget: Callable[[float], CallBudget] | None = None,
    draw: Callable[[], float] = lambda: 0.5,
) -> SecretReader:
    """Build a reader over a provider."""
    fetching = Fetching(
        OneProvider(provider),
        records=records or KeptRecords(),
        measures=measures or KeptMeasures(),
        clock=clock,
        budget=budget,
    )
    return SecretReader(fetching, spaces=spaces or read_spaces(SPACES), clock=clock, draw=draw)


def no_keys(reader: SecretReader) -> ModelKeys:
    """Return the keys of models where there are none."""
    return ModelKeys(reader=reader, wishes={})


def a_keeping(
    *, budget: Callable[[float], CallBudget] | None = None, draw: float = 0.5, **values: str
) -> Keeping:
    """Build a reader of the shop's secrets; without values, of `crm` alone.

    A draw of 0.5 lets values be fresh for as long as their class says, to the second.
    """
    named = values or {"crm": "hunter2"}
    table: dict[str, tuple[str | bytes, str]] = {
        f"kv/shop/{name}": (value, "1") for name, value in named.items()
    }
    provider, clock = ToldProvider(values=table), FixedClock(NOW)
    records, measures = KeptRecords(), KeptMeasures()
    reader = a_reader(
        provider,
        clock=clock,
        records=records,
        measures=measures,
        budget=budget,
        draw=lambda: draw,
    )
    return Keeping(
        provider=provider, clock=clock, records=records, measures=measures, reader=reader
    )
