"""Ask rules about the steps of plans, before anything is judged.

An answer that rules give to a question is the same for ever, so answers of an engine that
remembers its rules are kept by question: rules and every part of the input that they can read.
Whatever goes wrong is a denial with a code of its own; nothing is let through for lack of an
answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

from runtime.domain.action import Action
from runtime.domain.head import Head
from runtime.domain.plan import Plan
from runtime.domain.policy_input import PolicyProject, policy_input, policy_time
from runtime.domain.principal import Principal
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyEvaluator, PolicyFault, PolicyFaultError
from runtime.services.execution.changes import Execution
from runtime.services.policies.decided_steps import (
    DecidedPlan,
    DecidedPlans,
    DecidedStep,
    decided,
    decision_id_of,
)
from runtime.services.policies.units import PolicyUnits, ServedUnit
from runtime.store.executions import Commit
from runtime.store.policy_decisions import NewDecision

KEPT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Say whose project it is, and as what it stands.

    Attributes:
        registry: the actions of its environment.
        now: when the steps are judged.
    """

    organization_id: str
    project_id: str
    head: Head
    registry: CompiledRegistry
    now: datetime


_Name = TypeVar("_Name")
_Kept = TypeVar("_Kept")
_Key: TypeAlias = tuple[str, str, str, str, Principal, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Ask about one step; equal keys are equal questions to equal rules."""

    key: _Key
    principal: Principal
    plan: Plan
    index: int
    action: Action


@dataclass(slots=True)
class Decisions:
    """Ask an engine of rules, and keep what it answered; belongs to one event loop."""

    evaluator: PolicyEvaluator
    units: PolicyUnits
    _answered: OrderedDict[_Key, DecidedStep] = field(default_factory=OrderedDict)
    _stored: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    async def of(self, executions: Iterable[Execution], place: Place) -> DecidedPlans:
        """Return what rules say of the steps of executions in one project.

        Raises:
            StorageUnavailableError: which rules hold can't be read.
        """
        whose = {"organization_id": place.organization_id, "project_id": place.project_id}
        served = self.units.known(place.head, **whose)
        if served is None:
            served = await self.units.of(place.head, **whose)
        open_questions: dict[_Key, _Question] = {}
        looked_up = [
            (
                item.outcome_id,
                *self._looked_up(served, item, place=place, open_questions=open_questions),
            )
            for item in executions
        ]
        answers: dict[_Key, DecidedStep] = {}
        if open_questions:
            answers = await self._ask(served, tuple(open_questions.values()), place)
        return {
            outcome_id: DecidedPlan(
                plan=plan,
                steps=tuple(
                    answers[step.key] if isinstance(step, _Question) else step for step in steps
                ),
            )
            for outcome_id, plan, steps in looked_up
        }

    def _looked_up(
        self,
        served: ServedUnit,
        execution: Execution,
        *,
        place: Place,
        open_questions: dict[_Key, _Question],
    ) -> tuple[Plan, list[DecidedStep | _Question | None]]:
        """Return a plan with nothing left open, and of each step what is known or has to be asked.

        What has to be asked is put among the open questions, each once.
        """
        plan, registry = place.registry.prepared(execution.plan), place.registry
        stored = self._stored
        steps: list[DecidedStep | _Question | None] = []
        for index, step in enumerate(plan.steps):
            found = registry.find(step.action)
            if found is None:
                steps.append(None)
                continue
            key = (
                served.unit.revision,
                registry.registry.digest,
                found.action.id,
                place.project_id,
                execution.principal,
                _read_besides(served.reads, plan, index, now=place.now),
            )
            kept = self._answered.get(key)
            if kept is not None:
                if kept.record is not None and (place.organization_id, kept.record.id) in stored:
                    kept = self._answered[key] = DecidedStep(decision=kept.decision, record=None)
                steps.append(kept)
                continue
            question = _Question(
                key=key,
                principal=execution.principal,
                plan=plan,
                index=index,
                action=found.action,
            )
            steps.append(open_questions.setdefault(key, question))
        return plan, steps

    def without_stored(self, commit: Commit) -> Commit:
        """Return a commit without the decisions that are known to be stored."""
        new = tuple(
            item
            for item in commit.decisions
            if (commit.organization_id, item.id) not in self._stored
        )
        return commit if len(new) == len(commit.decisions) else replace(commit, decisions=new)

    def stored(self, commit: Commit) -> None:
        """Remember that the decisions of a commit are stored, once it is."""
        for item in commit.decisions:
            _keep(self._stored, (commit.organization_id, item.id), None)

    async def _ask(
        self, served: ServedUnit, questions: Sequence[_Question], place: Place
    ) -> dict[_Key, DecidedStep]:
        inputs = [_input(served, question, place) for question in questions]
        answers: Sequence[JsonValue | PolicyFaultError]
        try:
            answers = await self.evaluator.decide(served.unit, inputs)
        except PolicyFaultError as fault:
            answers = [fault] * len(inputs)
        if len(answers) != len(inputs):
            wrong = PolicyFaultError(PolicyFault.MALFORMED, "another number of answers than inputs")
            answers = [wrong] * len(inputs)
        answers_read: dict[_Key, DecidedStep] = {}
        for question, document, answer in zip(questions, inputs, answers, strict=True):
            decided_step = answers_read[question.key] = _decided_step(served, document, answer)
            if decided_step.record is not None and self.evaluator.remembers:
                _keep(self._answered, question.key, decided_step)
        return answers_read


def _read_besides(reads: frozenset[str], plan: Plan, index: int, *, now: datetime) -> bytes:
    """Spell what rules can read of a step beyond action, principal and project."""
    parts: list[JsonValue] = []
    if "inputs" in reads:
        parts.append(plan.steps[index].inputs)
    if "plan" in reads:
        parts.append([index, [step.action for step in plan.steps]])
    if "time" in reads:
        parts.append(policy_time(now).model_dump(mode="json"))
    return canonical_bytes(parts) if parts else b""


def _input(served: ServedUnit, question: _Question, place: Place) -> JsonObject:
    """Return the input of a question: those members that the rules can read."""
    document = policy_input(
        question.plan,
        question.index,
        action=question.action,
        principal=question.principal,
        project=PolicyProject(id=place.project_id, environment=place.head.environment),
        now=place.now,
    )
    return document.model_dump(mode="json", include=set(served.reads))


def _decided_step(
    served: ServedUnit, document: JsonObject, answer: JsonValue | PolicyFaultError
) -> DecidedStep:
    revision, spelled = served.unit.revision, canonical_bytes(document)
    decision_id = decision_id_of(revision, spelled)
    decision = decided(answer, revision=revision, decision_id=decision_id)
    if not decision.decision_id:
        return DecidedStep(decision=decision, record=None)
    return DecidedStep(
        decision=decision,
        record=NewDecision(
            id=decision_id,
            revision=revision,
            input=spelled.decode(),
            answer=canonical_bytes(answer).decode(),
        ),
    )


def _keep(kept: OrderedDict[_Name, _Kept], name: _Name, value: _Kept) -> None:
    kept[name] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)
