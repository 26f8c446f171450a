"""Open what reads secrets while the platform runs, and hears of rotations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from runtime.adapters.secret_providers.opening import OpenedProviders
from runtime.bootstrap.secret_figures import SecretFigures
from runtime.bootstrap.secret_settings import provider_places
from runtime.kit.clock import Clock
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.readiness import DegradedError
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.records import SecretRecords, StoredRecords, UnstoredRecords
from runtime.services.secrets.rotations import SecretRotations
from runtime.services.secrets.spaces import SecretSpaces, SecretSpacesError, read_spaces
from runtime.services.secrets.watching import RotationWatch
from runtime.settings import ServiceSettings, SettingsError
from runtime.store.session import Database


class SecretsClosedError(Exception):
    """Nobody can be asked for so long that a secret can't be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSecrets:
    """Hold who reads secrets, and who takes word of rotations."""

    reader: SecretReader
    rotations: SecretRotations


@asynccontextmanager
async def open_secrets(
    settings: ServiceSettings, *, database: Database, clock: Clock, figures: SecretFigures
) -> AsyncIterator[OpenSecrets]:
    """Read secrets, with a record of each, and hear of rotations while the block runs.

    Raises:
        SettingsError: the spaces of organizations can't be read.
        StorageUnavailableError: the database can't be asked.
    """
    ids, spaces = Ids(clock), _spaces(settings)
    async with AsyncExitStack() as stack:
        recorder = Recorder(database, ids)
        stack.push_async_callback(recorder.close)
        reader = await stack.enter_async_context(
            open_reader(
                settings,
                clock=clock,
                figures=figures,
                records=StoredRecords(recorder, ids),
                spaces=spaces,
            )
        )
        stack.callback(figures.show(reader.standing))
        figures.resolved(settings.resolved)
        watch = RotationWatch(database, reader, measures=figures)
        await watch.begin()
        task = asyncio.create_task(watch.run(), name="rotated secrets")
        stack.push_async_callback(asyncio.wait, {task})
        stack.callback(watch.end)
        yield OpenSecrets(
            reader=reader,
            rotations=SecretRotations(
                database=database, ids=ids, spaces=spaces, invalidate=reader.invalidate
            ),
        )


@asynccontextmanager
async def open_reader(
    settings: ServiceSettings,
    *,
    clock: Clock,
    figures: SecretFigures,
    records: SecretRecords | None = None,
    spaces: SecretSpaces | None = None,
) -> AsyncIterator[SecretReader]:
    """Read secrets while the block runs; without records, those of the platform itself only."""
    places = provider_places(settings.secrets, settings.environ, readable=figures.readable_by_all)
    providers = OpenedProviders(places, clock=clock)
    fetching = Fetching(
        providers, records=records or UnstoredRecords(), measures=figures, clock=clock
    )
    reader = SecretReader(fetching, spaces=spaces or SecretSpaces({}), clock=clock)
    try:
        yield reader
    finally:
        await reader.close()
        await providers.close()


async def secrets_ready(*readers: SecretReader) -> None:
    """Return where all secrets are fresh: the probe of readiness.

    Raises:
        DegradedError: older values serve, because nobody can be asked.
        SecretsClosedError: a secret can't be had any more.
    """
    standings = [reader.standing() for reader in readers]
    if any(standing.closed for standing in standings):
        raise SecretsClosedError
    if any(standing.stale for standing in standings):
        raise DegradedError


def _spaces(settings: ServiceSettings) -> SecretSpaces:
    try:
        return read_spaces(settings.secret_use.spaces)
    except SecretSpacesError as error:
        raise SettingsError(f"PLANGATE_SECRET_SPACES: {error}") from None
