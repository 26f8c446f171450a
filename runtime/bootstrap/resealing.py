"""Seal everything anew that is stored sealed, as the settings say; `plangate secret` calls it."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.bootstrap.platform import check_database
from runtime.bootstrap.sealing import server_seal
from runtime.services.resealing.resealing import ResealedColumn, Resealing
from runtime.settings import DATABASE_URL, ServiceSettings, SettingsError
from runtime.store.session import Database


async def reseal_all(settings: ServiceSettings) -> Sequence[ResealedColumn]:
    """Seal all of it under the newest key, and return what was done in each column.

    Raises:
        SettingsError: the settings name no database, or no key.
        StorageUnavailableError, SchemaMismatchError, UnsafeRoleError: of the database.
    """
    if settings.database_url is None:
        raise SettingsError(f"{DATABASE_URL} is not set: there is nothing to seal")
    url, seal = settings.database_url.get_secret_value(), server_seal(settings.identity)
    await check_database(url)
    database = await Database.opened(url)
    try:
        return await Resealing(database, seal).run()
    finally:
        await database.close()
