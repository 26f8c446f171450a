"""Make a scenario ready to replay: its sandbox, its expectation compiled, its golden plan executed.

A scenario whose golden plan the engine does not answer as expected, or that does not reach what the
scenario expects, proves nothing; it is refused here, before any model is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.loader import ScenarioSet
from harness.matching.compiled import CompiledPlan, compile_plan
from harness.matching.engine_answer import unlike_expected
from harness.matching.expectation import ABSENT, Expectation, NoExampleError, judge
from harness.matching.golden import golden_step, golden_steps
from harness.matching.matcher import MatcherError, read_expected
from harness.sandboxes import Sandboxes, at, conversation_of, situation_of
from harness.scenario import PlanMode, Scenario
from harness.yaml_source import Problem, SourceError
from runtime.public import (
    Conversation,
    DeclarationError,
    JsonValue,
    Judgement,
    Plan,
    PointerError,
    PolicyUncheckableError,
    Sandbox,
    Situation,
    State,
    StepStatus,
    get,
)

KNOWN_PLANS = 16
"""How many wrong plans of a scenario are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedScenario:
    """Hold everything that replaying and scoring a scenario need, computed once.

    Attributes:
        plans: the acceptable plans, compiled; the golden one first.
        state: expected values in the final state, compiled, by pointer.
        golden: the golden plan, or None when no plan is expected.
        reference: what the engine made of the golden plan.
        judged_in: the situation in which it did; in any other one the reference says nothing.
        known: judgements of other plans in that situation, by plan digest; a few of them.
    """

    scenario: Scenario
    sandbox: Sandbox
    situation: Situation
    conversation: Conversation
    plans: tuple[CompiledPlan, ...]
    state: tuple[tuple[str, Expectation], ...]
    golden: Plan | None
    reference: Judgement | None
    judged_in: Situation
    known: dict[str, Judgement] = field(default_factory=dict, compare=False, repr=False)

    def judged(self, plan: Plan) -> Judgement:
        """Return what the engine makes of a plan.

        The engine has no memory and no clock, so a plan that was judged before has its answer:
        the golden one, which most answers are, and the wrong ones that models agree on.
        """
        if self.judged_in is not self.situation:
            return self.sandbox.simulate(plan, self.situation)
        digest = self.sandbox.digest(plan, self.situation)
        golden = self.reference
        if golden is not None and digest == golden.outcome.plan_digest:
            return golden
        found = self.known.get(digest)
        if found is None:
            found = self.sandbox.simulate(plan, self.situation)
            if len(self.known) < KNOWN_PLANS:
                self.known[digest] = found
        return found

    @property
    def scores_path(self) -> bool:
        """Say whether the steps are scored, or only the state that they reach."""
        return any(plan.mode is not PlanMode.REFERENCE for plan in self.plans)


def prepare_all(scenarios: ScenarioSet) -> tuple[PreparedScenario, ...]:
    """Prepare every scenario of a set.

    Raises:
        SourceError: with every problem of every scenario.
    """
    sandboxes = Sandboxes.of(scenarios)
    prepared: list[PreparedScenario] = []
    problems: list[Problem] = []
    for scenario in scenarios.scenarios:
        try:
            prepared.append(prepare(scenario, sandboxes))
        except SourceError as error:
            problems += error.problems
    if problems:
        raise SourceError(*problems)
    return tuple(prepared)


def prepare(scenario: Scenario, sandboxes: Sandboxes) -> PreparedScenario:
    """Prepare one scenario.

    Raises:
        SourceError: its sandbox can't be built, a matcher is malformed, or the golden plan fails.
    """
    try:
        sandbox = sandboxes.sandbox(scenario)
        prepared = _compiled(scenario, sandbox)
        problems = [at(scenario, message) for message in _faults(prepared)]
    except (
        DeclarationError,
        MatcherError,
        NoExampleError,
        PolicyUncheckableError,
    ) as error:
        raise SourceError(at(scenario, str(error))) from error
    if problems:
        raise SourceError(*problems)
    return prepared


def _compiled(scenario: Scenario, sandbox: Sandbox) -> PreparedScenario:
    expect = scenario.expect
    situation = situation_of(scenario, sandbox)
    unknown = [
        f"action '{name}' does not exist in environment '{scenario.environment}'"
        for name in _named_actions(scenario)
        if sandbox.registry.find(name) is None
    ]
    if unknown:
        raise SourceError(*(at(scenario, message) for message in unknown))
    golden = Plan(steps=golden_steps(expect.plans[0])) if expect.plans else None
    return PreparedScenario(
        scenario=scenario,
        sandbox=sandbox,
        situation=situation,
        conversation=conversation_of(scenario),
        plans=tuple(compile_plan(plan, complete=sandbox.prepared) for plan in expect.plans),
        state=tuple((pointer, read_expected(value)) for pointer, value in expect.state.items()),
        golden=golden,
        reference=sandbox.simulate(golden, situation) if golden is not None else None,
        judged_in=situation,
    )


def _named_actions(scenario: Scenario) -> Iterator[str]:
    for plan in scenario.expect.plans:
        for step in plan.steps:
            for pattern in step.patterns:
                yield pattern.action
    yield from scenario.expect.never


def _faults(prepared: PreparedScenario) -> Iterator[str]:
    """Say what is wrong with a scenario's golden plans; the first one is simulated already."""
    scenario, reference = prepared.scenario, prepared.reference
    if prepared.golden is None or reference is None:
        return
    yield from _otherwise("the golden plan", scenario, reference)
    yield from _hidden(prepared, prepared.golden)
    for number, plan in enumerate(scenario.expect.plans[1:], start=2):
        other = Plan(steps=golden_steps(plan))
        judgement = prepared.sandbox.simulate(other, prepared.situation)
        yield from _otherwise(f"alternative {number}", scenario, judgement)
        yield from _hidden(prepared, other)
        if not unlike_expected(scenario.expect, judgement.outcome):
            yield from _unreached(prepared, judgement, by=f"alternative {number}")
    yield from _broken_inputs(prepared)
    yield from _contradicted(prepared)
    yield from _strange_places(prepared)
    if not unlike_expected(scenario.expect, reference.outcome):
        yield from _unreached(prepared, reference, by="the golden plan")


def _otherwise(name: str, scenario: Scenario, judgement: Judgement) -> Iterator[str]:
    """Say where the engine does not answer a plan as the scenario expects: mostly, by doing it."""
    outcome = judgement.outcome
    if scenario.expect.refusal is not None or outcome.status is StepStatus.DONE:
        yield from (f"{name}: {fault}" for fault in unlike_expected(scenario.expect, outcome))
    elif outcome.refusal is not None:
        stopped = outcome.refused_at
        where = f"step {stopped.index + 1} {stopped.action}: " if stopped is not None else ""
        found = outcome.refusal.found
        yield f"{name} does not execute: {where}{outcome.refusal.message} (found: {found})"


def _hidden(prepared: PreparedScenario, plan: Plan) -> Iterator[str]:
    """Refuse golden steps that no model could propose because it never sees the action."""
    for step in plan.steps:
        action = prepared.sandbox.registry.find(step.action)
        if action is not None and action.id not in prepared.sandbox.book.names:
            yield f"action '{step.action}' is hidden from the model, so no plan can hold it"


def _broken_inputs(prepared: PreparedScenario) -> Iterator[str]:
    """Refuse steps that no golden plan holds, but whose inputs no step could have."""
    for plan in prepared.scenario.expect.plans:
        for step in plan.steps:
            for pattern in step.patterns if step.optional else step.patterns[1:]:
                try:
                    example = prepared.sandbox.prepared(golden_step(pattern))
                except NoExampleError:
                    continue  # only golden steps need an example
                compiled = prepared.sandbox.compiled.find(example.action)
                for problem in compiled.inputs.problems(example.inputs) if compiled else ():
                    yield f"{pattern.action}: inputs{problem.pointer}: {problem.message}"


def _contradicted(prepared: PreparedScenario) -> Iterator[str]:
    """Refuse acceptable steps that `never` forbids, whichever way either spells the action."""
    expect, find = prepared.scenario.expect, prepared.sandbox.registry.find
    for plan in expect.plans:
        for pattern in (pattern for step in plan.steps for pattern in step.patterns):
            action = find(pattern.action)
            if action is not None and {action.id, action.name} & set(expect.never):
                yield f"an acceptable plan uses {pattern.action}, which 'never' forbids"


def _strange_places(prepared: PreparedScenario) -> Iterator[str]:
    for pointer in prepared.scenario.expect.volatile:
        component = pointer.split("/")[1]
        if component not in {*prepared.sandbox.registry.components, "*"}:
            yield f"expect.volatile {pointer}: there is no component '{component}'"


def _unreached(prepared: PreparedScenario, judgement: Judgement, *, by: str) -> Iterator[str]:
    for pointer, expectation in prepared.state:
        for mismatch in judge(expectation, value_at(judgement.state, pointer), ""):
            yield f"expect.state {pointer}: {by} leads elsewhere: {mismatch.line()}"


def value_at(state: State, pointer: str) -> JsonValue:
    """Return the value at a pointer, or ABSENT."""
    try:
        return get(state.components, pointer)
    except PointerError:
        return ABSENT
