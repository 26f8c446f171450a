"""Find the keys under which audit records are sealed, or make them; nobody else opens them.

Each is of one subject in one month. Who seals asks for many at once; each that is missing in memory
is asked for once, however many wait for it. A key that is destroyed is never made again: whoever
asks for the same subject and period gets another one, with another id.
"""

from __future__ import annotations

import asyncio
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.audit_sealing import SUBJECT_KEY_BYTES, SubjectKey
from runtime.domain.errors import AuditKeyBrokenError, DomainError, StorageUnavailableError
from runtime.kit.clock import Clock
from runtime.ports.seal import Seal, SealBrokenError
from runtime.services.audit.key_shelf import HeldKey, KeyShelf
from runtime.services.context import Ids
from runtime.store.audit_payload_keys import WrappedKey, add_keys, keys_with_ids, live_keys
from runtime.store.session import Database

KEY_PREFIX: Final = "apk"
_TRIES: Final = 5

Pair: TypeAlias = tuple[str, str]
"""A subject and a period."""
_Keys: TypeAlias = Mapping[Pair, SubjectKey]


def period_of(instant: datetime) -> str:
    """Return the month of an instant in UTC, by which keys are made and destroyed.

    >>> period_of(datetime.fromisoformat("2026-12-01T00:30:00+01:00"))
    '2026-11'
    """
    return instant.astimezone(UTC).strftime("%Y-%m")


def wrapping_of(organization_id: str, key_id: str) -> str:
    """Return what a stored key is bound to: it opens in no other row."""
    return f"{organization_id}/{key_id}"


class SubjectKeys:
    """Answer with keys of subjects; belongs to one event loop."""

    def __init__(
        self, database: Database, seal: Seal, clock: Clock, *, shelf: KeyShelf | None = None
    ) -> None:
        """Take where keys are and what wraps them, and how many are held for how long."""
        self._database = database
        self._seal = seal
        self._ids = Ids(clock)
        self._shelf = shelf or KeyShelf(monotonic_s=clock.monotonic_s)
        self._asking = dict[tuple[str, str, str], asyncio.Task[_Keys | DomainError]]()
        self._running = set[asyncio.Task[_Keys | DomainError]]()

    async def of(self, organization_id: str, wanted: Collection[Pair]) -> _Keys:
        """Return the key of each subject in each period that is wanted, made if there is none.

        Raises:
            AuditKeyBrokenError: a stored one does not open.
            StorageUnavailableError: the database can't be asked.
        """
        found, missing = dict[Pair, SubjectKey](), list[Pair]()
        for pair in dict.fromkeys(wanted):
            key = self._shelf.of(organization_id, *pair)
            if key is None:
                missing.append(pair)
            else:
                found[pair] = key
        for task in self._tasks(organization_id, missing):
            answer = await asyncio.shield(task)  # whoever gives up leaves it to the others
            if isinstance(answer, DomainError):
                raise answer
            found.update({pair: answer[pair] for pair in missing if pair in answer})
        return found

    async def with_ids(
        self, organization_id: str, ids: Collection[str]
    ) -> Mapping[str, SubjectKey]:
        """Return the keys with these ids; those that are destroyed are missing.

        Raises:
            AuditKeyBrokenError: a stored one does not open.
            StorageUnavailableError: the database can't be asked.
        """
        kept = {key_id: self._shelf.with_id(organization_id, key_id) for key_id in ids}
        found = {key_id: key for key_id, key in kept.items() if key is not None}
        missing = kept.keys() - found.keys()
        if missing:
            async with self._database.transaction(organization_id, read_only=True) as connection:
                stored = await keys_with_ids(connection, organization_id, missing)
            for item in stored:  # not kept: a destruction may have begun after it was read
                found[item.id] = self._opened(organization_id, item)
        return found

    def forget(self, organization_id: str, subject: str | None) -> None:
        """Drop what this process holds of a subject, or of an organization: it is destroyed."""
        self._shelf.forget(organization_id, subject)
        for place in [place for place in self._asking if place[0] == organization_id]:
            del self._asking[place]

    async def close(self) -> None:
        """Wait for what is being asked."""
        if self._running:
            await asyncio.wait(self._running)

    def _tasks(
        self, organization_id: str, missing: Collection[Pair]
    ) -> Collection[asyncio.Task[_Keys | DomainError]]:
        """Return what brings these keys: what others wait for, and one task for the rest."""
        places = {pair: (organization_id, *pair) for pair in missing}
        new = [pair for pair, place in places.items() if place not in self._asking]
        if new:
            task = asyncio.create_task(self._ask(organization_id, new), name="keys of subjects")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            self._asking.update({places[pair]: task for pair in new})
        return dict.fromkeys(self._asking[place] for place in places.values())

    async def _ask(self, organization_id: str, pairs: Collection[Pair]) -> _Keys | DomainError:
        answer: _Keys | DomainError
        try:
            answer = await self._stored(organization_id, pairs)
        except DomainError as error:
            answer = error
        finally:  # whatever it is, nobody is told of it for ever
            mine = self._answered(organization_id, pairs)
        if isinstance(answer, DomainError):
            return answer
        for subject, period in mine:
            self._shelf.keep(
                HeldKey(
                    organization_id=organization_id,
                    subject=subject,
                    period=period,
                    key=answer[subject, period],
                )
            )
        return answer

    def _answered(self, organization_id: str, pairs: Collection[Pair]) -> Collection[Pair]:
        """Let nobody else wait for this task; return what was not forgotten meanwhile."""
        task = asyncio.current_task()
        mine = [pair for pair in pairs if self._asking.get((organization_id, *pair)) is task]
        for pair in mine:
            del self._asking[organization_id, *pair]
        return mine

    async def _stored(self, organization_id: str, pairs: Collection[Pair]) -> _Keys:
        """Read keys off the database, and make those that are missing in the same transaction."""
        found, missing = dict[Pair, SubjectKey](), list(pairs)
        async with self._database.transaction(organization_id) as connection:
            for _ in range(_TRIES):  # what others make or destroy meanwhile is read once more
                for item in await live_keys(connection, organization_id, missing):
                    found[item.subject, item.period] = self._opened(organization_id, item)
                missing = [pair for pair in missing if pair not in found]
                if not missing:
                    return found
                await self._make(connection, organization_id, missing)
        raise StorageUnavailableError(reason="keys of subjects were destroyed again and again")

    async def _make(
        self, connection: AsyncConnection, organization_id: str, pairs: Collection[Pair]
    ) -> None:
        made = [
            self._wrapped(organization_id, subject=subject, period=period)
            for subject, period in pairs
        ]
        await add_keys(connection, made, organization_id=organization_id, now=self._ids.now())

    def _wrapped(self, organization_id: str, *, subject: str, period: str) -> WrappedKey:
        key_id = self._ids.new(KEY_PREFIX)
        text = urlsafe_b64encode(secrets.token_bytes(SUBJECT_KEY_BYTES)).decode()
        return WrappedKey(
            id=key_id,
            subject=subject,
            period=period,
            wrapped=self._seal.sealed(text, bound_to=wrapping_of(organization_id, key_id)),
        )

    def _opened(self, organization_id: str, stored: WrappedKey) -> SubjectKey:
        try:
            text = self._seal.opened(
                stored.wrapped, bound_to=wrapping_of(organization_id, stored.id)
            )
        except SealBrokenError:
            raise AuditKeyBrokenError(key=stored.id) from None
        return SubjectKey(id=stored.id, value=urlsafe_b64decode(text))
