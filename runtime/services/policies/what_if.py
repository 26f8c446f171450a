"""Replay recorded decisions under other rules, and say which of them would turn out otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.policy import PolicyDecision
from runtime.domain.policy_modules import reads_of
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.kit.canonical_json import canonical_bytes, canonical_text, digest_bytes, parse
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyEvaluator, PolicyFaultError
from runtime.services.policies.decided_steps import decided
from runtime.services.policies.recorded_decisions import (
    RecordedDecision,
    RecordedPlace,
    recorded_decisions,
)
from runtime.store.policy_units import find_unit
from runtime.store.session import Database

MOST_FLIPS: Final = 1_000
MOST_NAMED: Final = 20
BATCH: Final = 200


@dataclass(slots=True, kw_only=True)
class Flip:
    """Describe one question that is answered otherwise, and where it was asked."""

    question: JsonObject
    before: PolicyDecision
    after: PolicyDecision
    times: int = 0
    named: list[tuple[str, int]] = field(default_factory=list)

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "action": self.question["action"]["id"],
            "principal": self.question["principal"]["id"],
            "before": _shown(self.before),
            "after": _shown(self.after),
            "times": self.times,
            "steps": [{"outcome": outcome, "index": index} for outcome, index in self.named],
        }


@dataclass(slots=True, kw_only=True)
class Replay:
    """Count what a replay found.

    Attributes:
        decisions: how many were replayed.
        questions: how many of them differ, as far as the new rules can tell.
        newly_allowed: decisions that would allow and did not.
        newly_denied: the other way round.
        changed: decisions that allow as before, at other conditions.
        flips: by question; the first `MOST_FLIPS`.
        beyond: questions that are answered otherwise as well.
    """

    decisions: int = 0
    questions: int = 0
    newly_allowed: int = 0
    newly_denied: int = 0
    changed: int = 0
    beyond: set[str] = field(default_factory=set)
    flips: dict[str, Flip] = field(default_factory=dict)

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "decisions": self.decisions,
            "questions": self.questions,
            "newly_allowed": self.newly_allowed,
            "newly_denied": self.newly_denied,
            "changed": self.changed,
            "flips": [flip.document() for flip in self.flips.values()],
            "left_off": len(self.beyond),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Replay decisions; its engine is not the one that executions wait for."""

    database: Database
    evaluator: PolicyEvaluator
    shipped: Callable[[], tuple[PolicyModule, ...]]

    async def replay(
        self, place: RecordedPlace, *, own: Sequence[PolicyModule], limit: int
    ) -> Replay:
        """Ask a project's newest decisions again under the shipped rules and these.

        Args:
            place: whose decisions.
            own: what the organization and the project would add to the shipped rules.
            limit: how many decisions at most.

        Raises:
            PolicyFaultError: the engine does not answer.
            StorageUnavailableError: the database can't be asked.
        """
        unit = unit_of((*self.shipped(), *own), organization_id=place.organization_id)
        reads = reads_of(unit.modules)
        replay = Replay()
        answers = _Answers()
        async for page in recorded_decisions(self.database, place, limit=limit):
            spelled = [_narrowed(item, reads) for item in page]
            names = [digest_bytes(text) for text in spelled]
            await self._answer(unit, dict(zip(names, spelled, strict=True)), answers)
            for item, name in zip(page, names, strict=True):
                _count(replay, item, f"{name} {item.record.id}", after=answers.named[name])
        replay.questions = len(answers.named)
        return replay

    async def unlike(self, place: RecordedPlace, *, limit: int) -> tuple[int, tuple[str, ...]]:
        """Ask a project's newest decisions again under the very rules that made them.

        Returns:
            How many different decisions were asked again, and the ids of those that came out
            otherwise: none, unless storage was tampered with.

        Raises:
            PolicyFaultError, StorageUnavailableError: as `replay` does.
        """
        asked: set[str] = set()
        otherwise: list[str] = []
        async for page in recorded_decisions(self.database, place, limit=limit):
            fresh = {item.record.id: item.record for item in page if item.record.id not in asked}
            asked.update(fresh)
            for revision in sorted({record.revision for record in fresh.values()}):
                async with self.database.transaction(
                    place.organization_id, read_only=True
                ) as connection:
                    modules = await find_unit(connection, revision)
                unit = unit_of(modules or (), organization_id=place.organization_id)
                records = [item for item in fresh.values() if item.revision == revision]
                if unit.revision != revision:
                    otherwise += [item.id for item in records]
                    continue
                said = await self.evaluator.decide(unit, [parse(item.input) for item in records])
                otherwise += [
                    item.id
                    for item, answer in zip(records, said, strict=True)
                    if isinstance(answer, Exception)
                    or canonical_bytes(answer).decode() != item.answer
                ]
        return len(asked), tuple(otherwise)

    async def _answer(
        self, unit: PolicyUnit, questions: Mapping[str, bytes], answers: _Answers
    ) -> None:
        """Ask the questions that have no answer yet."""
        fresh = [name for name in questions if name not in answers.named]
        for start in range(0, len(fresh), BATCH):
            batch = fresh[start : start + BATCH]
            said = await self.evaluator.decide(unit, [parse(questions[name]) for name in batch])
            for name, answer in zip(batch, said, strict=True):
                answers.add(name, answer, revision=unit.revision)


@dataclass(slots=True)
class _Answers:
    """Keep answers by the digest of their question, equal ones once: there may be very many."""

    named: dict[str, PolicyDecision] = field(default_factory=dict)
    _equal: dict[str, PolicyDecision] = field(default_factory=dict)

    def add(self, name: str, answer: JsonValue | PolicyFaultError, *, revision: str) -> None:
        """Read an answer."""
        told = str(answer) if isinstance(answer, PolicyFaultError) else canonical_text(answer)
        if told not in self._equal:
            self._equal[told] = decided(answer, revision=revision, decision_id="replayed")
        self.named[name] = self._equal[told]


def _narrowed(item: RecordedDecision, reads: frozenset[str]) -> bytes:
    return canonical_bytes({name: item.input[name] for name in sorted(reads)})


def _count(replay: Replay, item: RecordedDecision, question: str, *, after: PolicyDecision) -> None:
    replay.decisions += 1
    flip = replay.flips.get(question)
    if flip is None:
        record = item.record
        before = decided(parse(record.answer), revision=record.revision, decision_id=record.id)
        if not _differ(before, after):
            return
        flip = Flip(question=item.input, before=before, after=after)
        if len(replay.flips) < MOST_FLIPS:
            replay.flips[question] = flip
        else:
            replay.beyond.add(question)
    flip.times += 1
    if len(flip.named) < MOST_NAMED:
        flip.named.append((item.outcome_id, item.index))
    if flip.before.allow is flip.after.allow:
        replay.changed += 1
    elif flip.after.allow:
        replay.newly_allowed += 1
    else:
        replay.newly_denied += 1


def _differ(before: PolicyDecision, after: PolicyDecision) -> bool:
    if before.allow is not after.allow:
        return True
    return _conditions(before) != _conditions(after)


def _conditions(decision: PolicyDecision) -> set[str]:
    return {item.model_dump_json() for item in decision.obligations}


def _shown(decision: PolicyDecision) -> JsonObject:
    return {
        "allow": decision.allow,
        "obligations": [item.model_dump(mode="json") for item in decision.obligations],
        "reasons": [item.model_dump(mode="json") for item in decision.reasons],
    }
