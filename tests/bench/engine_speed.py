"""Measure what judging one step costs, by phase: `python -m tests.bench.engine_speed`.

The step is `prompt.configure` on the workbench: a schema, a rule, guards, a handler, a diff,
three invariants and a hash. The floor is one canonical hash of the same state.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.plan import Plan, Step
from runtime.domain.state import State
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import StepFacts
from runtime.engine.guards import first_refusal
from runtime.engine.step import judge_step
from runtime.kit.canonical_json import canonical_bytes, digest, parse
from runtime.kit.json_patch import diff
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.workbench import PLUGIN
from runtime.sandbox import Sandbox
from tests.builders import a_principal, facts_for

ROUNDS: Final = 3_000
WARM_UP: Final = 200
GOAL_US: Final = 300
PARAGRAPH: Final = "Answer in one short paragraph, and name your sources. " * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Hold what one phase costs, in microseconds."""

    phase: str
    median_us: float
    p95_us: float


def timed(phase: str, call: Callable[[], object]) -> Timing:
    """Run a call many times and return its median and 95th percentile."""
    for _ in range(WARM_UP):
        call()
    spans = []
    gc.disable()
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        call()
        spans.append((time.perf_counter_ns() - start) / 1_000)
    gc.enable()
    return Timing(
        phase=phase,
        median_us=statistics.median(spans),
        p95_us=statistics.quantiles(spans, n=20)[-1],
    )


def the_state(registry: CompiledRegistry) -> State:
    """Build a workbench in use: a long prompt with earlier versions, about 3 KB."""
    document = parse(canonical_bytes(registry.registry.initial_state()))
    document["prompt_editor"] |= {"text": PARAGRAPH, "versions": [PARAGRAPH] * 8}
    return State.of(document)


def measure() -> tuple[int, list[Timing]]:
    """Return the size of the state and a timing for the whole and for each phase."""
    sandbox = Sandbox.of(PLUGIN, PLUGIN.environments[0])
    registry, state = sandbox.compiled, the_state(sandbox.compiled)
    plan = Plan(steps=(Step(action="prompt.configure@1", inputs={"temperature": 0.2}),))
    facts = facts_for(plan, registry, state=state, principal=a_principal())
    situation = replace(sandbox.situation(), state=state)
    step = plan.steps[0]
    compiled = registry.find(step.action)
    if compiled is None:
        raise LookupError(step.action)
    step_facts = StepFacts(
        facts=facts,
        index=0,
        step=step,
        compiled=compiled,
        state=state,
        usage=facts.usage,
        plan_digest="",
    )
    after: JsonObject = parse(state.canonical)
    after["prompt_editor"]["temperature"] = 0.2
    changed = registry.invariants.about(frozenset({("prompt_editor", "max_tokens")}))
    return len(state.canonical), [
        timed("sandbox.simulate", lambda: sandbox.simulate(plan, situation)),
        timed("pipeline.run", lambda: pipeline.run(plan, facts, registry)),
        timed("judge_step", lambda: judge_step(step_facts, registry)),
        timed("  guards, all", lambda: first_refusal(step_facts)),
        timed("    input schema", lambda: compiled.inputs.accepts(step.inputs)),
        timed(
            "    preconditions (CEL)",
            lambda: compiled.preconditions.first_broken(state.components, step.inputs),
        ),
        timed("  handler's copy", lambda: parse(state.canonical)),
        timed("  new state and hash", lambda: State.of(after, version=1)),
        timed("  diff", lambda: diff(state.components, after)),
        timed(
            "  state schema",
            lambda: registry.schemas["prompt_editor"].accepts(after["prompt_editor"]),
        ),
        timed("  invariants (CEL)", lambda: changed.first_broken(after)),
        timed("floor: digest(state)", lambda: digest(state.components)),
    ]


def main() -> None:
    """Print the table and the ratio against the floor."""
    size_bytes, timings = measure()
    print(f"one step on {size_bytes:,} bytes of state, {ROUNDS:,} rounds, µs")
    print(f"{'phase':<26}{'median':>8}{'p95':>8}")
    for timing in timings:
        print(f"{timing.phase:<26}{timing.median_us:>8.1f}{timing.p95_us:>8.1f}")
    whole, floor = timings[0].median_us, timings[-1].median_us
    verdict = "met" if whole <= GOAL_US else "missed"
    print(f"simulate is {whole / floor:.1f} times the floor; goal {GOAL_US} µs: {verdict}")


if __name__ == "__main__":
    main()
