"""Settle groups of changes: gather, judge, write, and answer each with what is true.

Facts may move meanwhile, and a commit may not say whether it took place; then it is looked up or
judged anew, and nobody is told that nothing was done while it may still be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.errors import (
    DomainError,
    LeaseLostError,
    LimitPassedError,
    LostAttemptError,
    StaleFenceError,
    StaleHeadError,
    StorageRefusedError,
    StorageUnavailableError,
)
from runtime.domain.head import Head
from runtime.domain.shared_use import SharedUse
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.backoff import delay_s
from runtime.ports.leases import Lease
from runtime.services.execution.approval_facts import ApprovalFacts, gather_approvals
from runtime.services.execution.changes import Change, Executed, Execution
from runtime.services.execution.decisions import Place
from runtime.services.execution.draft import Tenure
from runtime.services.execution.gate_facts import GateFacts, gather_gates
from runtime.services.execution.hold import Hold
from runtime.services.execution.judging import Judge, Verdict
from runtime.services.execution.needs import Needs
from runtime.services.execution.shared_facts import read_use
from runtime.services.execution.shared_rates import Reserved, Room
from runtime.services.execution.waiting import Waiting, answer_all, stand_anew
from runtime.services.policies.decided_steps import DecidedPlans
from runtime.store.executions import Commit, RepeatedError

TRIES: Final = 6
"""How often a group is judged anew after its facts moved, before its callers are told to retry."""
ASKED_AGAIN: Final = 6
"""How often storage is asked whether a commit took place, over about five seconds."""
SETTLE_S: Final = 10.0
"""How long a group is tried anew; past that its callers are told that it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    executions: Sequence[Execution]
    place: Place
    tenure: Tenure
    decided: DecidedPlans
    approvals: ApprovalFacts
    gates: GateFacts
    reserved: Reserved


class Settling:
    """Settle one group of a project after the other, while its hold lasts."""

    def __init__(self, *, organization_id: str, project_id: str, needs: Needs, hold: Hold) -> None:
        self.organization_id = organization_id
        self.project_id = project_id
        self._needs = needs
        self._hold = hold
        self._doubt: StorageUnavailableError | None = None
        self._passed: LimitPassedError | None = None
        self._room = Room(needs.rates, organization_id)

    async def settle(self, group: list[Waiting], lease: Lease) -> None:
        """Judge and commit a group; start over when its facts moved meanwhile.

        Once a commit did not say whether it took place, nothing else is told of those whom storage
        does not know either: it may still take place.
        """
        self._begin()
        give_up_s = self._needs.clock.monotonic_s() + SETTLE_S
        try:
            left = TRIES
            while left and self._needs.clock.monotonic_s() <= give_up_s:
                next_lease = await self._attempt(group, lease)
                if next_lease is None:
                    self._end()
                    return
                lease = next_lease
                if self._passed is None:  # a budget that others used up meanwhile has an end
                    left -= 1
        except DomainError as error:
            self._end()
            answer_all(group, self._doubt or error)
            raise
        self._end()
        answer_all(group, self._doubt or self._passed or StaleHeadError())

    def _begin(self) -> None:
        self._doubt = None
        self._passed = None
        self._room = Room(self._needs.rates, self.organization_id)

    def _end(self) -> None:
        """Free what nothing was done with; what may yet be done counts until its time is over."""
        if self._doubt is None:
            self._room.give_back()

    async def _attempt(self, group: list[Waiting], lease: Lease) -> Lease | None:
        """Try once; return under which lease to try again, or None when all are answered."""
        self._passed, passed = None, self._passed
        try:
            answers = await self._committed(group, lease, fresh=passed is not None)
        except (StaleFenceError, LeaseLostError) as error:
            return await self._hold.take_anew(error)
        except StaleHeadError:  # settings may have changed, and with them what somebody may
            await self._hold.shut_out_others(lease)
            self._hold.head = None
            group[:] = await self.standing(group, older_than_s=0.0)
        except LimitPassedError as error:
            self._passed = error
        except (LostAttemptError, StorageRefusedError) as error:
            group[:] = await self._not_refused(group, error)
            return lease if group else None
        except (RepeatedError, StorageUnavailableError) as error:
            if isinstance(error, StorageUnavailableError) and self._doubt is None:
                raise  # nothing was sent that could have been written
            group[:] = await self._answer_written(group)
        else:
            await self._tell(group, answers)
            return None
        return lease

    async def standing(self, group: Sequence[Waiting], *, older_than_s: float) -> list[Waiting]:
        """Return those of a group whose callers may still act; who it was asked long ago."""
        now_s = self._needs.clock.monotonic_s()
        return await stand_anew(group, now_s=now_s, older_than_s=older_than_s)

    async def _tell(
        self, group: Sequence[Waiting], answers: Sequence[Executed | DomainError]
    ) -> None:
        """Answer a group.

        That nothing was done is told only of what was not done before: an earlier try may have
        moved the very version that this one expects.
        """
        unsure: list[tuple[Waiting, DomainError]] = []
        for waiting, answer in zip(group, answers, strict=True):
            doubtful = self._doubt is not None or waiting.named is not None
            if isinstance(answer, DomainError) and doubtful:
                unsure.append((waiting, answer))
            else:
                waiting.answer(answer)
        if unsure:
            left = await self._answer_written([waiting for waiting, _ in unsure])
            for waiting, answer in unsure:
                if waiting in left:
                    waiting.answer(self._doubt or answer)

    async def _judge(self, head: Head) -> Judge:
        """Return the judge, which refuses everything where the plugin is turned off."""
        judge = self._needs.judge(head.environment)
        enabled = await self._needs.enabled(self.organization_id, head.environment)
        return judge if enabled else judge.refusing()

    async def _committed(
        self, group: Sequence[Waiting], lease: Lease, *, fresh: bool = False
    ) -> Sequence[Executed | DomainError]:
        """Gather, judge, write; `fresh` reads what is used of shared budgets in any case."""
        known = self._hold.head
        head = known or await self._hold.read(lease)
        tenure = Tenure(
            organization_id=self.organization_id,
            project_id=self.project_id,
            fence=lease.token,
            now=max(self._needs.clock.now(), head.updated_at),
        )
        changes = [waiting.change for waiting in group]
        judge = await self._judge(head)
        found = await self._gathered(changes, head, tenure, registry=judge.registry)

        def judged(use: SharedUse) -> Verdict:
            return judge.group(
                changes,
                head,
                found.tenure,
                decided=found.decided,
                approvals=found.approvals,
                gates=found.gates,
                shared_use=use,
                rates=found.reserved.grants,
            )

        verdict = None if fresh else judged(self._remembered_use())
        if verdict is None or verdict.presumed:
            verdict = judged(await self._read_use(found))
        if lease.lost:
            raise StaleFenceError(held=lease.token, current=lease.token)
        if verdict.commit.records:
            await self._write(self._needs.decisions.without_stored(verdict.commit))
            self._needs.decisions.stored(verdict.commit)
            self._needs.measures.group_committed(len(group))
            if verdict.commit.jobs:
                self._needs.jobs_put()
            for outcome in verdict.commit.outcomes:
                self._needs.measures.executed(outcome.status)
            self._hold.moved(verdict.head, fence=lease.token)
            self._room.settle((item.outcome_id for item in found.executions), done=verdict.done)
        elif known is not None:  # no commit compares what was only remembered: look once more
            self._hold.head = None
            return await self._committed(group, lease)
        return verdict.answers

    def _remembered_use(self) -> SharedUse:
        return self._needs.shared_uses.remembered(self.organization_id)

    async def _gathered(
        self,
        changes: Sequence[Change],
        head: Head,
        tenure: Tenure,
        *,
        registry: CompiledRegistry,
    ) -> _Gathered:
        """Gather what executions are judged by, and reserve what they need room for.

        What is done counts in rates from when there was room for it on, so it is not done earlier.
        """
        place = Place(
            organization_id=self.organization_id,
            project_id=self.project_id,
            head=head,
            registry=registry,
            now=tenure.now,
        )
        executions = [change for change in changes if isinstance(change, Execution)]
        decided = await self._needs.decisions.of(executions, place)
        room = self._room
        reserved = await self._needs.rates.reserved(executions, place, decided=decided, room=room)
        if reserved.at is not None and reserved.at > tenure.now:
            tenure = replace(tenure, now=reserved.at)
            place = replace(place, now=tenure.now)
        approvals = await gather_approvals(
            self._needs.database,
            executions,
            place,
            decided=decided,
            lasts=self._needs.approval_lasts,
        )
        return _Gathered(
            executions=executions,
            place=place,
            tenure=tenure,
            decided=decided,
            approvals=approvals,
            gates=await gather_gates(self._needs.database, executions, place, decided=decided),
            reserved=reserved,
        )

    async def _read_use(self, found: _Gathered) -> SharedUse:
        """Read what is used of shared budgets by now, and remember it."""
        use = await read_use(
            self._needs.database, found.executions, found.place, decided=found.decided
        )
        self._needs.shared_uses.read(self.organization_id, use)
        return use

    async def _write(self, group: Commit) -> None:
        """Commit a group, and remember a commit that does not say whether it took place."""
        try:
            counted = await self._needs.commits.write(group)
        except StorageUnavailableError as error:
            if error.sent:
                self._doubt = error
            raise
        if counted:
            self._needs.shared_uses.counted(self.organization_id, counted)

    async def _not_refused(
        self, group: Sequence[Waiting], error: LostAttemptError | StorageRefusedError
    ) -> list[Waiting]:
        """Answer those that storage refuses, and return the others.

        Of whom an attempt is over, an earlier try may have ended it: that is told as what it wrote.
        """
        if isinstance(error, StorageRefusedError):
            answer_all(group, error)
            return []
        lost = [waiting for waiting in group if _job_of(waiting) in error.jobs]
        left = [waiting for waiting in group if waiting not in lost]
        answer_all(await self._answer_written(lost), self._doubt or error)
        return left

    async def _answer_repeated(self, group: Sequence[Waiting]) -> list[Waiting]:
        """Answer those that were done before, by key or by id, and return the others."""
        left: list[Waiting] = []
        for waiting in group:
            found = await self._needs.past.answer_to(
                waiting.change, organization_id=self.organization_id, project_id=self.project_id
            )
            if found is None:
                left.append(waiting)
            else:
                waiting.answer(found)
        return left

    async def _answer_written(self, group: Sequence[Waiting]) -> list[Waiting]:
        """Learn from storage what of a group took place, when its commit did not say.

        Answers those; returns the others.

        Raises:
            StorageUnavailableError: it can't be asked either; who repeats with the same key learns.
        """
        self._hold.head = None
        for tried in range(ASKED_AGAIN):
            try:
                return await self._answer_repeated(group)
            except StorageUnavailableError:
                await _nap(tried)
        return await self._answer_repeated(group)


def _job_of(waiting: Waiting) -> str | None:
    change = waiting.change
    ends = change.ends if isinstance(change, Execution) else None
    return None if ends is None else ends.job_id


async def _nap(tried: int) -> None:
    """Wait a little longer after each try; storage may be failing over."""
    await asyncio.sleep(delay_s(tried, base_s=0.2, cap_s=2.0, jitter=0.999))
