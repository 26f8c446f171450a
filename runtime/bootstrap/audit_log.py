"""Let a process number audit records, sign logs and ship them, beside whatever else it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from runtime.adapters.ed25519_signer import Ed25519Signer, SignerKeyError
from runtime.domain.errors import AuditKeyRefusedError
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink
from runtime.ports.head_signer import HeadSigner
from runtime.services.audit.epochs import introduced
from runtime.services.audit.heads import Heads
from runtime.services.audit.measures import AuditLogMeasures
from runtime.services.audit.sequencing import Keys, Sequencing
from runtime.services.audit.shipping import Shipping
from runtime.store.session import Database


async def opened_signer(database: Database, seeds: str | None, clock: Clock) -> HeadSigner | None:
    """Return who signs heads, once its key is introduced; None where there are no seeds.

    Args:
        database: where keys are introduced.
        seeds: `PLANGATE_AUDIT_KEYS`, the newest first.
        clock: says when a key begins.

    Raises:
        AuditKeyRefusedError: the seeds can't be read, or do not go on from the last key.
        StorageUnavailableError: the database can't be asked.
    """
    if not seeds:
        return None
    try:
        signers = Ed25519Signer.of_text(seeds)
    except SignerKeyError as error:
        raise AuditKeyRefusedError(found=str(error)) from None
    return await introduced(database, signers, clock)


@asynccontextmanager
async def audit_log_kept(
    database: Database,
    keys: Keys,
    *,
    signer: HeadSigner | None,
    sinks: Sequence[AuditSink],
    clock: Clock,
    measures: AuditLogMeasures | None = None,
) -> AsyncIterator[None]:
    """Keep logs while the block runs; what is on its way then is let through.

    Args:
        database: where records and logs are.
        keys: of subjects, under which records are sealed.
        signer: who signs heads; None: nobody does, and nothing is anchored.
        sinks: where leaves and heads go, each at its own pace.
        clock: the system's.
        measures: told what happens.
    """
    keepers: list[Sequencing | Heads | Shipping] = [
        Sequencing(database, keys, clock, measures=measures)
    ]
    if signer is not None:
        keepers.append(Heads(database, signer, clock, measures=measures))
    keepers += [
        Shipping(database, sink, clock, sinks=len(sinks), measures=measures) for sink in sinks
    ]
    tasks = {
        asyncio.create_task(keeper.run(), name=f"audit log {type(keeper).__name__.lower()}")
        for keeper in keepers
    }
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.end()
        await asyncio.wait(tasks)
