"""Let organizations keep rules of their own: upload, try, activate, go back, take away, read.

Rules are tried outside of any transaction and written in one, which refuses what was tried with
rules that hold no more. Whoever changes rules makes executions that were judged before fail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import (
    PolicyActivation,
    PolicyRules,
    PolicyVersion,
    project_of,
)
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import canonical_text, parse
from runtime.ports.policy import PolicyCheck, PolicyChecker
from runtime.services.context import Context, Ids
from runtime.services.policies.documents import activation_document, version_document
from runtime.services.policies.rights import hold_scope, require_author, require_reader
from runtime.services.policies.surroundings import Surroundings, require_unmoved, together_with
from runtime.services.policies.trials import Trials, problems_of
from runtime.services.policies.turns import Turns
from runtime.services.unit_of_work import Answer, Unit, Work, once, use_of
from runtime.store import policies
from runtime.store.idempotency_keys import stored_answer
from runtime.store.policies import ActiveVersion
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """Hold what is known before a trial.

    Attributes:
        answered: the request was answered before, so.
        rules: the version that is to hold.
    """

    answered: Answer | None = None
    rules: PolicyRules | None = None


class Policies:
    """Keep the rules that organizations add to the shipped ones."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        checker: PolicyChecker,
        shipped: Callable[[], tuple[PolicyModule, ...]],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep what it takes.

        Args:
            database: where rules are kept.
            ids: the time, and ids of records.
            checker: tries modules where they can't harm anything.
            shipped: returns the rules that hold everywhere.
            tell: called with an organization whose rules changed, after the commit.
        """
        self._database = database
        self._ids = ids
        self._trials = Trials(checker=checker, shipped=shipped)
        self._surroundings = Surroundings(database=database, trials=self._trials)
        self._turns = Turns()
        self._tell = tell

    async def upload(
        self,
        context: Context,
        scope: str,
        modules: tuple[PolicyModule, ...],
        *,
        note: str,
        activate: bool = False,
    ) -> Answer:
        """Keep modules as the next version of a scope, once they passed their own tests.

        With `activate` it holds from the same commit on.

        Raises:
            PolicyRefusedError: they can't be used; all problems are told.
            PolicyUncheckableError: they could not be tried, or took too long.
            PolicyMovedError: they were tried with rules that hold no more.
            NotFoundError, NotAllowedError, WrongTimeError, ProjectArchivedError: as
                `runtime.services.policies.rights.require_author` does.
        """
        gathered = await self._gathered(context, scope)
        if gathered.answered is not None:
            return gathered.answered
        async with self._turn(context, scope) as together:
            checked = await self._passed(
                context, scope, modules, together=together, everywhere=activate
            )

            async def work(unit: Unit) -> Answer:
                await hold_scope(unit, context.caller, scope, outdates=activate)
                if activate or project_of(scope) is not None:
                    await require_unmoved(unit.connection, scope, together=together)
                version = await _uploaded(unit, context, scope, modules=modules, note=note)
                activation = None
                if activate:
                    activation = await _activated(
                        unit, context, scope, version=version.version, reason=note
                    )
                document = {
                    **version_document(version),
                    "tests": len(checked.tests),
                    # as a repetition reads it: there 0.0 and 0 are one
                    "covered_share": parse(canonical_text(checked.covered_share)),
                    "activation": None if activation is None else activation_document(activation),
                }
                return Answer(document=document, status=HTTPStatus.CREATED)

            return await self._written(context, work)

    async def activate(self, context: Context, scope: str, *, version: int, reason: str) -> Answer:
        """Let a version hold from now on: a new one, or an earlier one again.

        Raises:
            NotFoundError: there is no such version, or no such project that the caller may see.
            DomainError: as `upload` does.
        """
        gathered = await self._gathered(context, scope, version=version)
        if gathered.answered is not None:
            return gathered.answered
        if gathered.rules is None:
            raise NotFoundError(kind="policy version", id=str(version))
        async with self._turn(context, scope) as together:
            await self._passed(
                context, scope, gathered.rules.modules, together=together, everywhere=True
            )

            async def work(unit: Unit) -> Answer:
                await hold_scope(unit, context.caller, scope, outdates=True)
                await require_unmoved(unit.connection, scope, together=together)
                activation = await _activated(unit, context, scope, version=version, reason=reason)
                return Answer(document=activation_document(activation))

            return await self._written(context, work)

    async def deactivate(self, context: Context, scope: str, *, reason: str) -> Answer:
        """Let no version of a scope hold any more.

        Raises:
            WrongTimeError: none does.
            DomainError: as `activate` does.
        """
        gathered = await self._gathered(context, scope)
        if gathered.answered is not None:
            return gathered.answered
        async with self._turn(context, scope) as together:
            if project_of(scope) is None:
                await self._surroundings.require_fits_projects(
                    context.caller.organization_id, (), together=together
                )

            async def work(unit: Unit) -> Answer:
                await hold_scope(unit, context.caller, scope, outdates=True)
                if project_of(scope) is None:
                    await require_unmoved(unit.connection, scope, together=together)
                if await policies.active_version(unit.connection, scope) is None:
                    raise WrongTimeError(
                        what=f"the policy of '{scope}'",
                        found="inactive",
                        remedy="there is nothing to deactivate",
                    )
                activation = await _activated(unit, context, scope, version=None, reason=reason)
                return Answer(document=activation_document(activation))

            return await self._written(context, work)

    async def check(
        self, context: Context, scope: str, modules: tuple[PolicyModule, ...]
    ) -> PolicyCheck:
        """Try modules as `upload` would, and keep nothing but that it was tried.

        Raises:
            PolicyUncheckableError: they could not be tried, or took too long.
            NotFoundError, NotAllowedError, WrongTimeError, ProjectArchivedError: as `upload` does.
        """
        await self._gathered(Context(caller=context.caller), scope)
        async with self._turn(context, scope) as together:
            beside = await self._beside(context, scope, together)
            checked = await self._trials.tried(scope, modules, beside=beside)

        async def work(unit: Unit) -> Answer:
            told = {"scope": scope, "modules": len(modules), "problems": len(problems_of(checked))}
            await unit.audit("policy.checked", told, project_id=project_of(scope))
            return Answer(document={})

        await once(self._database, self._ids, Context(caller=context.caller), work=work)
        return checked

    async def read(self, context: Context, scope: str, *, version: int) -> PolicyRules:
        """Return a version with its modules.

        Raises:
            NotFoundError: there is no such version, or no such project that the caller may see.
        """
        async with self._reading(context) as connection:
            await require_reader(connection, context.caller, scope)
            found = await policies.find_rules(connection, scope, version=version)
        if found is None:
            raise NotFoundError(kind="policy version", id=str(version))
        return found

    async def versions(
        self, context: Context, scope: str, *, before: int | None, limit: int
    ) -> tuple[PolicyVersion, ...]:
        """Return versions of a scope, the newest first, without their modules."""
        async with self._reading(context) as connection:
            await require_reader(connection, context.caller, scope)
            return await policies.versions_before(connection, scope, before=before, limit=limit)

    async def activations(
        self, context: Context, scope: str, *, before: int | None, limit: int
    ) -> tuple[PolicyActivation, ...]:
        """Return what held in a scope when, the newest first."""
        async with self._reading(context) as connection:
            await require_reader(connection, context.caller, scope)
            return await policies.activations_before(connection, scope, before=before, limit=limit)

    async def active(self, context: Context, scope: str) -> PolicyActivation | None:
        """Return what says which version of a scope holds, or None if none ever did."""
        async with self._reading(context) as connection:
            await require_reader(connection, context.caller, scope)
            return await policies.newest_activation(connection, scope)

    async def _gathered(
        self, context: Context, scope: str, *, version: int | None = None
    ) -> _Gathered:
        """Read what a trial takes, unless the request was answered before."""
        caller, use = context.caller, use_of(context)
        caller.require(Scope.POLICIES_MANAGE)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            stored = None if use is None else await stored_answer(connection, use)
            if stored is not None:
                answer = Answer(document=parse(stored.answer), status=stored.status, replayed=True)
                return _Gathered(answered=answer)
            await require_author(connection, caller, scope)
            if version is None:
                return _Gathered()
            return _Gathered(rules=await policies.find_rules(connection, scope, version=version))

    @asynccontextmanager
    async def _turn(self, context: Context, scope: str) -> AsyncIterator[tuple[ActiveVersion, ...]]:
        """Wait for the organization's turn, and tell what rules of a scope are asked with."""
        organization_id = context.caller.organization_id
        async with self._turns.taken(organization_id, scope=scope):
            async with self._database.transaction(organization_id, read_only=True) as connection:
                together = await together_with(connection, scope)
            yield together

    async def _beside(
        self, context: Context, scope: str, together: tuple[ActiveVersion, ...]
    ) -> tuple[PolicyModule, ...]:
        if project_of(scope) is None:
            return ()
        return await self._surroundings.beside(context.caller.organization_id, together)

    async def _passed(
        self,
        context: Context,
        scope: str,
        modules: tuple[PolicyModule, ...],
        *,
        together: tuple[ActiveVersion, ...],
        everywhere: bool,
    ) -> PolicyCheck:
        """Try modules alone, and where they begin to hold everywhere, with those of projects."""
        beside = await self._beside(context, scope, together)
        checked = await self._trials.require_passed(scope, modules, beside=beside)
        if everywhere and project_of(scope) is None:
            await self._surroundings.require_fits_projects(
                context.caller.organization_id, modules, together=together
            )
        return checked

    async def _written(self, context: Context, work: Work) -> Answer:
        answer = await once(self._database, self._ids, context, work=work)
        self._tell(context.caller.organization_id)
        return answer

    def _reading(self, context: Context) -> AbstractAsyncContextManager[AsyncConnection]:
        context.caller.require(Scope.POLICIES_READ)
        return self._database.transaction(context.caller.organization_id, read_only=True)


async def _uploaded(
    unit: Unit, context: Context, scope: str, *, modules: tuple[PolicyModule, ...], note: str
) -> PolicyVersion:
    """Keep modules as the next version, and record it; the organization's row is held."""
    version = PolicyVersion(
        organization_id=context.caller.organization_id,
        scope=scope,
        version=await policies.next_version(unit.connection, scope),
        digest=revision_of(modules),
        note=note,
        created_at=unit.now,
        created_by=context.caller.member_id,
    )
    await policies.add_version(unit.connection, PolicyRules(version=version, modules=modules))
    await unit.record("policy.uploaded", version_document(version), project_id=project_of(scope))
    return version


async def _activated(
    unit: Unit, context: Context, scope: str, *, version: int | None, reason: str
) -> PolicyActivation:
    """Let a version hold, or none, and record it; the organization's row is held."""
    before = await policies.active_version(unit.connection, scope)
    activation = PolicyActivation(
        organization_id=context.caller.organization_id,
        number=await policies.newest_number(unit.connection) + 1,
        scope=scope,
        version=version,
        reason=reason,
        activated_at=unit.now,
        activated_by=context.caller.member_id,
    )
    await policies.add_activation(unit.connection, activation)
    await unit.record(
        "policy.deactivated" if version is None else "policy.activated",
        {
            **activation_document(activation),
            "version_before": None if before is None else before.version,
        },
        project_id=project_of(scope),
    )
    return activation
