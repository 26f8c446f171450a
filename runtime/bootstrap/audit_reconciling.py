"""Compare logs, copies and sinks once, as the settings say; `plangate audit reconcile` calls it."""

from __future__ import annotations

from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from runtime.bootstrap.audit_copies import open_copies
from runtime.bootstrap.audit_sinks import open_audit_sinks, told_by
from runtime.bootstrap.copy_figures import CopyFigures
from runtime.bootstrap.platform import check_database
from runtime.bootstrap.sealing import server_seal
from runtime.bootstrap.secret_figures import SecretFigures
from runtime.bootstrap.secrets import open_reader
from runtime.kit.clock import SystemClock
from runtime.services.audit.reconciling import Reconciled
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.settings import DATABASE_URL, ServiceSettings, SettingsError
from runtime.settings.audit import AUDIT_SINKS
from runtime.store.session import Database


async def reconcile_once(settings: ServiceSettings, *, anew: bool) -> Reconciled:
    """Look until nothing is left to look at, and return what was found.

    Args:
        settings: name the database, the keys and the sinks.
        anew: begin with the first record and the first object, not where others ended.

    Raises:
        SettingsError: no database or no immutable sink is named, or one can't be opened.
        StorageUnavailableError, SchemaMismatchError, UnsafeRoleError: of the database.
    """
    if settings.database_url is None:
        raise SettingsError(f"{DATABASE_URL} is not set: there is nothing to compare")
    url, seal = settings.database_url.get_secret_value(), server_seal(settings.identity)
    await check_database(url)
    clock, registry = SystemClock(), CollectorRegistry()
    async with AsyncExitStack() as stack:
        database = await Database.opened(url)
        stack.push_async_callback(database.close)
        reader = await stack.enter_async_context(
            open_reader(settings, clock=clock, figures=SecretFigures(registry))
        )
        sinks = open_audit_sinks(settings.audit, secret=told_by(reader), clock=clock)
        for sink in sinks:
            stack.push_async_callback(sink.close)
        keys = SubjectKeys(database, seal, clock)
        stack.push_async_callback(keys.close)
        copies = await stack.enter_async_context(
            open_copies(
                database,
                keys,
                sinks=sinks,
                clock=clock,
                measures=CopyFigures(registry),
                keeps_going=False,
            )
        )
        if copies is None:
            raise SettingsError(f"{AUDIT_SINKS} names no immutable sink: there are no copies")
        return await copies.reconciling.reconcile(anew=anew)
