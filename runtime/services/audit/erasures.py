"""Erase what the audit log says of a subject: destroy the keys, so that nobody can read it again.

Leaves, heads and proofs stay as they are, in the database, in every sink and in every export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from runtime.domain.audit_hold import may_be_subject
from runtime.domain.errors import NotConfirmedError, NotFoundError, WrongTimeError
from runtime.domain.scope import Scope
from runtime.services.context import Context, Ids
from runtime.services.standing import active_organization, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.audit_payload_keys import (
    Destroyed,
    Destruction,
    WhyDestroyed,
    destroy_keys,
    has_had_keys,
)
from runtime.store.session import Database

Forget: TypeAlias = Callable[[str, str | None], None]
"""Drop what this process holds of keys: of an organization, and of one subject or of all."""


class Erasures:
    """Destroy keys of subjects."""

    def __init__(self, *, database: Database, ids: Ids, forget: Forget) -> None:
        self._database = database
        self._ids = ids
        self._forget = forget

    async def erase(self, context: Context, subject: str, *, confirm: str) -> Answer:
        """Destroy every key of a subject, for ever; records made later are sealed under new ones.

        Other processes may use keys that they hold for 30 seconds more. What the answer and the
        record say of the subject is its id.

        Args:
            context: who asks.
            subject: the principal of the records.
            confirm: the same once more: it can't be undone.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            NotConfirmedError: another subject was confirmed.
            NotFoundError: nothing was ever sealed for a principal of that id.
            WrongTimeError: a hold keeps the keys, records of the subject are on their way into
                the log, or the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        if not may_be_subject(subject):
            raise NotFoundError(kind="principal", id=subject)
        if confirm != subject:
            raise NotConfirmedError(what="an erasure", needs="the id of the subject as 'confirm'")

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            gone = await destroy_keys(
                unit.connection,
                Destruction(why=WhyDestroyed.ERASED, subject=subject),
                organization_id=caller.organization_id,
                at=unit.now,
            )
            await steady_owner(unit, caller)
            _refuse_kept(gone)
            if not await has_had_keys(unit.connection, caller.organization_id, subject):
                raise NotFoundError(kind="principal", id=subject)
            done = {"subject": subject, "keys": gone.keys}
            await unit.audit("audit.subject_erased", done)
            return Answer(document=done)

        answer = await once(self._database, self._ids, context, work=work)
        self._forget(caller.organization_id, subject)
        return answer


def _refuse_kept(gone: Destroyed) -> None:
    if gone.hold is not None:
        raise WrongTimeError(
            what="what the log says of the subject",
            found=f"under the hold '{gone.hold}'",
            remedy="release it first",
        )
    if gone.waiting:
        raise WrongTimeError(
            what="a record of the subject",
            found="on its way into the log",
            remedy="try again in a few seconds",
        )
