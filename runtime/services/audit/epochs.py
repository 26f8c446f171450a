"""Introduce the key that signs heads: it is the first one, or the one before endorses it.

A process that is given other keys than those that signed before must not go on: whoever checks the
log could not tell its key from a thief's.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from runtime.domain.errors import AuditKeyRefusedError
from runtime.domain.tree_head import KeyEpoch
from runtime.kit.clock import Clock
from runtime.ports.head_signer import HeadSigner
from runtime.store.audit_key_epochs import add_key_epoch, key_epochs
from runtime.store.session import Database


async def introduced(database: Database, signers: Sequence[HeadSigner], clock: Clock) -> HeadSigner:
    """Return the newest signer, once the database has its key and those that lead to it.

    Args:
        database: where keys are.
        signers: the newest first; at least one.
        clock: says when a key begins.

    Raises:
        AuditKeyRefusedError: the key that signed last is not among them, or was succeeded.
        StorageUnavailableError: the database can't be asked.
    """
    stored = await key_epochs(database)
    for epoch, before in _missing(stored, signers, now=clock.now()):
        await add_key_epoch(database, _endorsed(epoch, before))
        stored = await key_epochs(database)
        if epoch.key_id not in {item.key_id for item in stored}:
            break  # another process was quicker with another key: none may follow this one
    _refuse_others(stored, signers)
    return signers[0]


def _missing(
    stored: Sequence[KeyEpoch], signers: Sequence[HeadSigner], *, now: datetime
) -> Sequence[tuple[KeyEpoch, HeadSigner | None]]:
    """Return the epochs that lead from what is stored to the newest key, each with its endorser."""
    oldest_first = list(reversed(signers))
    begun = 0
    begins_at = now
    if stored:
        names = [signer.key_id for signer in oldest_first]
        if stored[-1].key_id not in names:
            raise AuditKeyRefusedError(
                found=f"key {stored[-1].key_id} signed last and is not among them; add it behind "
                "the newest, which it has to endorse"
            )
        begun = names.index(stored[-1].key_id) + 1
        begins_at = max(now, stored[-1].begins_at)
    return [
        (
            KeyEpoch(
                key_id=signer.key_id,
                public_key=spelled(signer.public_key),
                begins_at=begins_at,
                endorsed_by=oldest_first[place - 1].key_id if place else None,
                endorsement=None,
            ),
            oldest_first[place - 1] if place else None,
        )
        for place, signer in enumerate(oldest_first)
        if place >= begun
    ]


def _endorsed(epoch: KeyEpoch, before: HeadSigner | None) -> KeyEpoch:
    if before is None:
        return epoch
    return KeyEpoch(
        key_id=epoch.key_id,
        public_key=epoch.public_key,
        begins_at=epoch.begins_at,
        endorsed_by=before.key_id,
        endorsement=spelled(before.sign(epoch.endorsed_bytes())),
    )


def _refuse_others(stored: Sequence[KeyEpoch], signers: Sequence[HeadSigner]) -> None:
    """Refuse keys that another process was quicker with, and one that was used long ago."""
    if stored and stored[-1].key_id == signers[0].key_id:
        return
    last = stored[-1].key_id if stored else "of another process"
    raise AuditKeyRefusedError(
        found=f"key {last} signs now, and the newest of them is {signers[0].key_id}; give all "
        "processes the same keys in the same order"
    )


def spelled(signature: bytes) -> str:
    """Spell a key or a signature as documents do: base64url without padding."""
    return urlsafe_b64encode(signature).rstrip(b"=").decode()
