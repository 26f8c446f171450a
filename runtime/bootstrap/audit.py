"""Open the audit of a process: keys of subjects, sinks, copies, and what keeps logs going."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from runtime.bootstrap.audit_copies import OpenCopies, open_copies
from runtime.bootstrap.audit_figures import AuditFigures
from runtime.bootstrap.audit_log import audit_log_kept, opened_signer
from runtime.bootstrap.audit_sinks import open_audit_sinks, told_by
from runtime.bootstrap.process import Process
from runtime.bootstrap.sealing import server_seal
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink
from runtime.services.audit.keeping import Keeping
from runtime.services.audit.key_shelf import KeyShelf
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.secrets.reader import SecretReader
from runtime.settings import ServiceSettings
from runtime.settings.audit import AUDIT_KEYS
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAudit:
    """Hold what the use cases of a process need of its audit.

    Attributes:
        keys: of subjects, which open what logs hold.
        copies: what makes immutable copies; None where no sink is immutable.
    """

    keys: SubjectKeys
    copies: OpenCopies | None


@asynccontextmanager
async def open_audit(
    settings: ServiceSettings, process: Process, *, database: Database, secrets: SecretReader
) -> AsyncIterator[OpenAudit]:
    """Open it while the block runs.

    Args:
        settings: name sinks and keys.
        process: one that keeps going numbers records, signs, ships and compares as well.
        database: where logs are.
        secrets: reads what sinks are called with.

    Raises:
        SettingsError: a sink can't be opened, or there is no key to seal with.
        AuditKeyRefusedError: the keys of signatures can't be used.
        StorageUnavailableError: the database can't be asked.
    """
    clock, figures, keeps_going = process.clock, process.audit_figures, process.keeps_going
    async with AsyncExitStack() as stack:
        keys = SubjectKeys(database, server_seal(settings.identity), clock)
        stack.push_async_callback(keys.close)
        sinks = open_audit_sinks(settings.audit, secret=told_by(secrets), clock=clock)
        for sink in sinks:
            stack.push_async_callback(sink.close)
        copies = await stack.enter_async_context(
            open_copies(
                database,
                keys,
                sinks=sinks,
                clock=clock,
                measures=figures.copies,
                log=figures.log,
                keeps_going=keeps_going,
            )
        )
        if keeps_going:
            keeping = Keeping(database, clock, forget=keys.forget, measures=figures.log)
            task = asyncio.create_task(keeping.run(), name="keep keys of subjects")
            stack.push_async_callback(asyncio.wait, {task})
            stack.callback(keeping.end)
            await _keep_logs(
                settings, database, clock=clock, sinks=sinks, figures=figures, stack=stack
            )
        yield OpenAudit(keys=keys, copies=copies)


async def _keep_logs(
    settings: ServiceSettings,
    database: Database,
    *,
    clock: Clock,
    sinks: tuple[AuditSink, ...],
    figures: AuditFigures,
    stack: AsyncExitStack,
) -> None:
    """Number records, sign heads and ship both until the stack ends.

    Who numbers records keeps no key: one that is destroyed elsewhere seals nothing any more.
    """
    given = settings.audit.keys
    seeds = None if given is None else given.get_secret_value()
    signer = await opened_signer(database, seeds, clock)
    if signer is None:
        why = f"{AUDIT_KEYS} is not set: nobody signs the logs, and nothing is anchored"
        structlog.stdlib.get_logger("audit").warning("audit.not_signed", why=why)
    shelf = KeyShelf(monotonic_s=clock.monotonic_s, fresh_s=0.0)
    sealing = SubjectKeys(database, server_seal(settings.identity), clock, shelf=shelf)
    stack.push_async_callback(sealing.close)
    await stack.enter_async_context(
        audit_log_kept(
            database, sealing, signer=signer, sinks=sinks, clock=clock, measures=figures.log
        )
    )
