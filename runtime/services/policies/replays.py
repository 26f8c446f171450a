"""Ask anew what rules decided: under other rules, or under the very ones, to see that it holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.caller import require_role
from runtime.domain.errors import NotFoundError, PolicyRefusedError, PolicyUncheckableError
from runtime.domain.head import Head
from runtime.domain.member import ProjectRole
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE, placed_modules
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.ports.policy import PolicyFaultError
from runtime.services.context import Context, Ids
from runtime.services.identity.access import Access
from runtime.services.policies.recorded_decisions import RecordedPlace
from runtime.services.policies.trials import Trials, failures_of, served
from runtime.services.policies.turns import Turns
from runtime.services.policies.what_if import WhatIf
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.heads import read_head
from runtime.store.policies import find_rules
from runtime.store.policy_decisions import find_decisions
from runtime.store.session import Database

_COUNTED: Final = ("decisions", "newly_allowed", "newly_denied", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReplays:
    """Replay the decisions of projects."""

    database: Database
    ids: Ids
    access: Access
    trials: Trials
    what_if: WhatIf
    turns: Turns = field(default_factory=Turns)

    async def simulate(
        self,
        context: Context,
        project_id: str,
        *,
        level: PolicyLevel,
        modules: tuple[PolicyModule, ...],
        limit: int,
    ) -> JsonObject:
        """Say how a project's newest decisions would turn out under other rules.

        Args:
            context: who asks: an admin of the project.
            project_id: whose decisions.
            level: whose rules the modules would take the place of: those of the organization, or
                of the project; the others stay as they are.
            modules: none means no rules of that level.
            limit: how many decisions at most.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
            PolicyRefusedError: the modules can't be used.
            PolicyUncheckableError: the engine does not answer, or others of the organization wait.
            StorageUnavailableError: the database can't be asked.
        """
        place, head = await self._place(context, project_id)
        scope = project_id if level is PolicyLevel.PROJECT else ORGANIZATION_SCOPE
        own = await self._own(place, head, scope=scope, modules=modules)
        problems = await asyncio.to_thread(module_problems, modules, level=level)
        async with self.turns.taken(place.organization_id, scope=scope):
            if not problems:
                problems = failures_of(await self.trials.checked(scope, own))
            if problems:
                raise PolicyRefusedError(scope=scope, problems=problems)
            try:
                replay = await self.what_if.replay(place, own=served(own), limit=limit)
            except PolicyFaultError as error:
                raise _unanswered(error, scope=scope) from error
        found = replay.document()
        told = {
            "level": level.value,
            "modules": len(modules),
            **{name: found[name] for name in _COUNTED},
        }
        await self._record(context, "policy.simulated", told, project_id=project_id)
        return found

    async def verify(self, context: Context, project_id: str, *, limit: int) -> JsonObject:
        """Ask a project's newest decisions again under the rules that made them.

        Raises:
            DomainError: as `simulate` does.
        """
        place, _ = await self._place(context, project_id)
        async with self.turns.taken(place.organization_id, scope=project_id):
            try:
                asked, otherwise = await self.what_if.unlike(place, limit=limit)
            except PolicyFaultError as error:
                raise _unanswered(error, scope=project_id) from error
        told = {"decisions": asked, "unlike": len(otherwise)}
        await self._record(context, "policy.verified", told, project_id=project_id)
        return {"decisions": asked, "unlike": list(otherwise)}

    async def decision(self, context: Context, project_id: str, *, decision_id: str) -> JsonObject:
        """Return a decision: which rules were asked what, and what they answered.

        Raises:
            NotFoundError: no such project that the caller may see, or no such decision.
            NotAllowedError: as `simulate` does.
        """
        place, _ = await self._place(context, project_id)
        async with self.database.transaction(place.organization_id, read_only=True) as connection:
            found = await find_decisions(connection, [decision_id])
        record = found.get(decision_id)
        question: JsonObject = {} if record is None else parse(record.input)
        asked_in = question.get("project", {}).get("id", project_id)
        if record is None or asked_in != project_id:
            raise NotFoundError(kind="decision", id=decision_id)
        return {
            "id": record.id,
            "revision": record.revision,
            "input": question,
            "answer": parse(record.answer),
        }

    async def _record(
        self, context: Context, kind: str, told: JsonObject, *, project_id: str
    ) -> None:
        async def work(unit: Unit) -> Answer:
            await unit.audit(kind, told, project_id=project_id)
            return Answer(document={})

        await once(self.database, self.ids, Context(caller=context.caller), work=work)

    async def _place(self, context: Context, project_id: str) -> tuple[RecordedPlace, Head]:
        """Return where to look, for an admin of the project."""
        caller = context.caller
        caller.require(Scope.POLICIES_READ)
        require_role(await self.access.principal(caller, project_id), ProjectRole.ADMIN)
        organization_id = caller.organization_id
        head = await read_head(
            self.database, organization_id=organization_id, project_id=project_id
        )
        place = RecordedPlace(
            organization_id=organization_id,
            project_id=project_id,
            environment=head.environment,
        )
        return place, head

    async def _own(
        self, place: RecordedPlace, head: Head, *, scope: str, modules: tuple[PolicyModule, ...]
    ) -> tuple[PolicyModule, ...]:
        """Return the organization's and the project's modules, those of one scope exchanged."""
        own: list[PolicyModule] = []
        async with self.database.transaction(place.organization_id, read_only=True) as connection:
            for level, version in (
                (ORGANIZATION_SCOPE, head.organization_rules),
                (place.project_id, head.project_rules),
            ):
                if level == scope:
                    own += placed_modules(scope, modules)
                elif version is not None:
                    rules = await find_rules(connection, level, version=version)
                    own += () if rules is None else served(rules.placed)
        return tuple(own)


def _unanswered(error: PolicyFaultError, *, scope: str) -> PolicyUncheckableError:
    return PolicyUncheckableError(scope=scope, fault=error.fault.value, detail=error.detail)
