"""Let owners say what is demanded of their organization's audit records."""

from __future__ import annotations

from runtime.domain.errors import WrongTimeError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.audit.rights import require_reader
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.standing import active_organization, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.audit_settings import (
    AuditSettings,
    put_audit_settings,
    read_audit_settings,
)
from runtime.store.session import Database


class AuditDemands:
    """Keep what organizations demand."""

    def __init__(self, *, database: Database, ids: Ids, immutable_sink: bool) -> None:
        """Keep what it takes.

        Args:
            database: where settings are.
            ids: the time, and ids of records.
            immutable_sink: whether there is a sink from which nobody can delete a copy.
        """
        self._database = database
        self._ids = ids
        self._immutable_sink = immutable_sink

    async def read(self, context: Context) -> JsonObject:
        """Return what the caller's organization demands.

        Raises:
            NotAllowedError: the caller may not read the log.
        """
        require_reader(context.caller)
        organization = context.caller.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            return _document(await read_audit_settings(connection, organization))

    async def change(self, context: Context, *, strict: bool, keep_days: int | None) -> Answer:
        """Demand this from now on.

        Args:
            context: who asks.
            strict: whether nothing is executed before an immutable copy of its records is written.
            keep_days: days after which what records say can't be read any more; None: no end.

        Raises:
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: the organization is archived, or strict where no sink is immutable.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        caller.require_owner()
        if strict and not self._immutable_sink:
            raise WrongTimeError(
                what="strict mode",
                found="without a sink that keeps immutable copies",
                remedy="let the operator of the platform configure one first",
            )
        organization = caller.organization_id

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await steady_owner(unit, caller)
            before = await read_audit_settings(unit.connection, organization)
            await put_audit_settings(
                unit.connection,
                organization,
                strict=strict,
                keep_days=keep_days,
                changed_by=caller.member_id,
                now=unit.now,
            )
            after = await read_audit_settings(unit.connection, organization)
            told = {"strict": strict, "keep_days": keep_days, "before": _document(before)}
            await unit.audit("audit.settings_changed", told)
            return Answer(document=_document(after))

        return await once(self._database, self._ids, context, work=work)


def _document(settings: AuditSettings) -> JsonObject:
    since = settings.strict_since
    return {
        "strict": settings.strict,
        "strict_since": None if since is None else spelled_instant(since),
        "keep_days": settings.keep_days,
    }
