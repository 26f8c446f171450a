"""Judge one step: guards, then the handler, then what keeps the handler honest.

The handler works on its own copy of the state, decoded from the canonical bytes, so it can't
change what the engine compares against; what it returns is encoded at once for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.action import HandlerRefusal, OrganizationHandler
from runtime.domain.outcome import Refusal, StepOutcome, StepStatus
from runtime.domain.policy import ObligationKind
from runtime.domain.reason import ReasonCode
from runtime.domain.state import State
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.conditions import Part
from runtime.engine.facts import StepFacts
from runtime.engine.guards import (
    consents_for,
    effects_declared,
    first_refusal,
    hidden_inputs,
    overriding_consents,
)
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes, parse
from runtime.kit.json_patch import diff
from runtime.kit.json_pointer import covers
from runtime.kit.json_pointer import parse as tokens
from runtime.kit.json_value import JsonObject
from runtime.kit.redact import masked

_CONSENTED: Final = (ObligationKind.CONFIRM, ObligationKind.APPROVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJudgement:
    """Pair what is recorded about a step with the state that the next one sees."""

    outcome: StepOutcome
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    state: State
    diff: tuple[JsonObject, ...]


def judge_step(facts: StepFacts, registry: CompiledRegistry) -> StepJudgement:
    """Decide one step; pure, and the same for a simulation and an execution."""
    refusal = first_refusal(facts)
    if refusal is not None:
        return _stopped(facts, refusal, status=StepStatus.REFUSED)
    change = _changed(facts, registry)
    if isinstance(change, Refusal):
        return _stopped(facts, change, status=StepStatus.FAILED)
    action, decision = facts.action.action, facts.decision
    return StepJudgement(
        outcome=StepOutcome(
            index=facts.index,
            action=facts.step.action,
            inputs=_shown_inputs(facts),
            status=StepStatus.DONE,
            diff=change.diff,
            state_version=change.state.version,
            state_digest=change.state.digest,
            cost=action.cost,
            decision_id=decision.decision_id if decision else "",
            consents=_used_consents(facts),
            side_effects=tuple(effect.job for effect in action.side_effects),
        ),
        state=change.state,
    )


def _changed(facts: StepFacts, registry: CompiledRegistry) -> _Change | Refusal:
    """Run the handler and check what it did."""
    after = _handled(facts)
    if isinstance(after, Refusal):
        return after
    operations = tuple(diff(facts.state.components, after.components))
    touched = frozenset(_part(operation["path"]) for operation in operations)
    refusal = (
        effects_declared(facts)  # again: a handler may have changed what its action declares
        or _undeclared_change(facts, operations)
        or _broken_schema(registry, after, {component for component, _ in touched})
        or _broken_invariant(registry, after, touched)
    )
    return refusal or _Change(state=after, diff=operations)


def _part(pointer: str) -> Part:
    component, member, *_ = (*tokens(pointer), "")
    return component, member


def _handled(facts: StepFacts) -> State | Refusal:
    before = facts.state
    try:
        returned = _called(facts, parse(canonical_bytes(facts.step.inputs)))
        canonical = canonical_bytes(returned)
    except HandlerRefusal as no:
        return _failure(ReasonCode.HANDLER_REFUSED, expected=str(no), found=None)
    except CanonicalJsonError as error:
        return _failure(
            ReasonCode.HANDLER_ERROR, expected="a handler that returns JSON", found=str(error)
        )
    except Exception as error:  # noqa: BLE001  # foreign code: its faults become outcomes
        found = f"{type(error).__name__}: {error}"
        return _failure(
            ReasonCode.HANDLER_ERROR, expected="a handler that does not raise", found=found
        )
    if canonical == before.canonical:
        return before
    if type(returned) is not dict:
        return _failure(
            ReasonCode.HANDLER_ERROR,
            expected="a handler that returns the state as an object",
            found=type(returned).__name__,
        )
    return State.of_canonical(canonical, version=before.version + 1)


def _called(facts: StepFacts, inputs: JsonObject) -> JsonObject:
    """Call the handler with documents of its own."""
    handler, state = facts.action.action.handler, parse(facts.state.canonical)
    if isinstance(handler, OrganizationHandler):
        return handler.act(facts.facts.principal.organization, inputs, state)
    return handler(inputs, state)


def _undeclared_change(facts: StepFacts, operations: tuple[JsonObject, ...]) -> Refusal | None:
    declared = facts.action.action.may_change
    for operation in operations:
        path = operation["path"]
        if not any(covers(pointer, path) for pointer in declared):
            return _failure(
                ReasonCode.UNDECLARED_CHANGE,
                expected=f"changes below {', '.join(declared) or 'nothing'} only",
                found=f"{operation['op']} {path}",
            )
    return None


def _broken_schema(registry: CompiledRegistry, after: State, touched: set[str]) -> Refusal | None:
    for name in sorted(touched):
        schema = registry.schemas.get(name)
        if name not in after.components or schema is None:
            return _failure(
                ReasonCode.STATE_INVALID, expected="every component, and no other", found=name
            )
        if not schema.accepts(after.components[name]):
            problem = schema.problems(after.components[name])[0]
            return _failure(
                ReasonCode.STATE_INVALID,
                expected=f"a state of '{name}' that satisfies its schema",
                found=f"/{name}{problem.pointer}: {problem.message}",
            )
    return None


def _broken_invariant(
    registry: CompiledRegistry, after: State, touched: frozenset[Part]
) -> Refusal | None:
    broken = registry.invariants.about(touched).first_broken(after.components)
    if broken is None:
        return None
    return _failure(
        ReasonCode.INVARIANT_ERROR if broken.error else ReasonCode.INVARIANT_BROKEN,
        expected=broken.condition.message,
        found=broken.error or broken.condition.rule,
    )


def _failure(code: ReasonCode, *, expected: str, found: str | None) -> Refusal:
    return Refusal(
        guard="handler",
        code=code,
        expected=expected,
        found=found,
        remedy="change the inputs, or report the fault to the action's owner",
    )


def _stopped(facts: StepFacts, refusal: Refusal, *, status: StepStatus) -> StepJudgement:
    decision = facts.decision
    return StepJudgement(
        outcome=StepOutcome(
            index=facts.index,
            action=facts.step.action,
            inputs=_shown_inputs(facts),
            status=status,
            refusal=refusal,
            state_version=facts.state.version,
            state_digest=facts.state.digest,
            decision_id=decision.decision_id if decision else "",
        ),
        state=facts.state,
    )


def _used_consents(facts: StepFacts) -> tuple[str, ...]:
    decision = facts.decision
    if decision is None or not decision.obligations:
        return ()
    used = [
        consent
        for obligation in decision.obligations
        if obligation.kind in _CONSENTED
        for consent in consents_for(facts, obligation.kind, role=obligation.role)
    ]
    if any(obligation.kind is ObligationKind.APPROVE for obligation in decision.obligations):
        used += overriding_consents(facts)
    return tuple(dict.fromkeys(used))


def _shown_inputs(facts: StepFacts) -> JsonObject:
    """Return the inputs as the record shows them: without what policy wants hidden."""
    hidden = hidden_inputs(facts)
    return masked(facts.step.inputs, hidden) if hidden else facts.step.inputs
