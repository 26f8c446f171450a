"""The laws of the engine, over random plans on the counter, the workbench and a small world."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.action import Action, Handler
from runtime.domain.condition import Condition
from runtime.domain.errors import ReplayError
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.plan import Plan
from runtime.domain.state import State
from runtime.engine import pipeline
from runtime.engine.conditions import ConditionSet
from runtime.engine.pipeline import Judgement
from runtime.engine.replay import rebuild
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject, JsonValue, json_equal
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.stdlib import counter
from runtime.plugins.stdlib.workbench import PLUGIN as WORKBENCH
from runtime.plugins.stdlib.workbench.components import MODEL_IDS
from runtime.sandbox import Sandbox, Situation
from tests.builders import (
    a_component,
    a_decision,
    a_plan,
    a_principal,
    a_registry,
    a_step,
    an_action,
    facts_for,
)

KEYS: Final = st.sampled_from(["a", "b", "~", "/", "ä"])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-10, 10) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def _put_key(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["shelf"]["items"][inputs["key"]] = inputs["item"]
    return state


def _drop_key(inputs: JsonObject, state: JsonObject) -> JsonObject:
    del state["shelf"]["items"][inputs["key"]]
    return state


def _shelf_action(action_id: str, handler: Handler) -> Action:
    return an_action(
        id=action_id,
        targets=("shelf",),
        may_change=("/shelf/items",),
        input_schema={"type": "object"},
        handler=handler,
    )


SHELF: Final = Plugin(
    id="shelf",
    version="1",
    components=(
        a_component(
            id="shelf",
            state_schema={"type": "object"},
            initial_state={"items": {}},
            invariants=(Condition(rule="size(state.shelf.items) < 4", message="it fits"),),
        ),
    ),
    actions=(_shelf_action("shelf.put@1", _put_key), _shelf_action("shelf.drop@1", _drop_key)),
    environments=(Environment(id="shelf", title="Shelf", description="Holds anything."),),
)
STEPS: Final = {
    "counter": st.one_of(
        st.builds(lambda value: a_step("counter.set", value=value), st.integers(-2, 40)),
        st.builds(lambda by: a_step("counter.increment", by=by), st.integers(-9, 9)),
        st.just(a_step("counter.reset")),
    ),
    "workbench": st.one_of(
        st.builds(
            lambda verb, model: a_step(f"model.{verb}", model=model),
            st.sampled_from(["select", "load", "unload"]),
            st.sampled_from(MODEL_IDS),
        ),
        st.builds(
            lambda verb, text: a_step(f"prompt.{verb}", text=text),
            st.sampled_from(["edit", "append"]),
            st.text("xyz ", max_size=5),
        ),
        st.just(a_step("prompt.restore")),
        st.builds(
            lambda tokens: a_step("prompt.configure", max_tokens=tokens),
            st.sampled_from([1, 512, 5_000, 40_000]),
        ),
    ),
    "shelf": st.one_of(
        st.builds(lambda key, item: a_step("shelf.put", key=key, item=item), KEYS, VALUES),
        st.builds(lambda key: a_step("shelf.drop", key=key), KEYS),
    ),
}
SANDBOXES: Final = {
    plugin.id: Sandbox.of(plugin, plugin.environments[0])
    for plugin in (counter.PLUGIN, WORKBENCH, SHELF)
}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Sandbox, Situation, Plan]:
    """Draw a world without limits, its beginning, and a plan for it."""
    name = draw(st.sampled_from(list(STEPS)))
    sandbox = SANDBOXES[name]
    beginning = sandbox.situation()
    situation = Situation(state=beginning.state, principal=a_principal())
    return sandbox, situation, a_plan(draw(st.lists(STEPS[name], min_size=1, max_size=8)))


def _done(judgement: Judgement) -> list[StepOutcome]:
    return [step for step in judgement.outcome.steps if step.status is StepStatus.DONE]


@given(case=cases())
def test_the_same_question_has_the_same_answer(case: tuple[Sandbox, Situation, Plan]) -> None:
    """Judging twice gives equal outcomes, and leaves everything as it was."""
    sandbox, situation, plan = case
    before = deepcopy((situation, plan))

    first, second = (sandbox.simulate(plan, situation) for _ in range(2))

    assert first == second
    assert (situation, plan) == before
    assert canonical_bytes(situation.state.components) == situation.state.canonical


@given(case=cases(), data=st.data())
def test_a_plan_in_two_parts_leads_to_the_same_state(
    case: tuple[Sandbox, Situation, Plan], data: st.DataObject
) -> None:
    """Steps see the state that was left, whether or not a plan ended in between."""
    sandbox, situation, plan = case
    whole = sandbox.simulate(plan, situation)
    done = len(_done(whole))
    cut = data.draw(st.integers(0, done))

    state, usage = situation.state, situation.usage
    for part in (plan.steps[:cut], plan.steps[cut:done]):
        if part:
            after = sandbox.simulate(a_plan(part), replace(situation, state=state, usage=usage))
            assert after.outcome.status is StepStatus.DONE
            state, usage = after.state, after.usage

    assert (state, usage) == (whole.state, whole.usage)


@given(case=cases())
def test_a_history_rebuilds_the_state(case: tuple[Sandbox, Situation, Plan]) -> None:
    """Recorded diffs lead to the very state that was judged, also through storage."""
    sandbox, situation, plan = case
    judged = sandbox.simulate(plan, situation)

    stored = [
        StepOutcome.model_validate_json(step.model_dump_json()) for step in judged.outcome.steps
    ]

    assert rebuild(situation.state, judged.outcome.steps) == judged.state
    assert rebuild(State.of_canonical(situation.state.canonical, version=0), stored) == judged.state


@settings(max_examples=300)
@given(case=cases(), data=st.data())
def test_a_changed_byte_never_rebuilds_another_state(
    case: tuple[Sandbox, Situation, Plan], data: st.DataObject
) -> None:
    """A history with one byte changed is refused, unless it still says the same."""
    sandbox, situation, plan = case
    judged = sandbox.simulate(plan, situation)
    history = list(judged.outcome.steps)
    changed = [index for index, step in enumerate(history) if step.diff]
    if not changed:
        return
    index = data.draw(st.sampled_from(changed))
    history[index] = _with_a_byte_changed(history[index], data)

    try:
        rebuilt = rebuild(situation.state, history)
    except ReplayError:
        return
    assert rebuilt == judged.state


def _with_a_byte_changed(step: StepOutcome, data: st.DataObject) -> StepOutcome:
    text = bytearray(canonical_bytes(list(step.diff)))
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(32, 126))
    try:
        diff: JsonValue = parse(bytes(text))
    except ValueError:
        return step
    readable = isinstance(diff, list) and all(isinstance(item, dict) for item in diff)
    return step.model_copy(update={"diff": tuple(diff)}) if readable else step


@given(case=cases(), data=st.data())
def test_a_changed_digest_is_refused(
    case: tuple[Sandbox, Situation, Plan], data: st.DataObject
) -> None:
    """Any byte of any recorded hash counts."""
    sandbox, situation, plan = case
    history = list(sandbox.simulate(plan, situation).outcome.steps)
    done = [index for index, step in enumerate(history) if step.status is StepStatus.DONE]
    if not done:
        return
    index = data.draw(st.sampled_from(done))
    digest = history[index].state_digest
    place = data.draw(st.integers(0, len(digest) - 1))
    altered = f"{digest[:place]}{'0' if digest[place] != '0' else '1'}{digest[place + 1 :]}"
    history[index] = history[index].model_copy(update={"state_digest": altered})

    with pytest.raises(ReplayError):
        rebuild(situation.state, history)


@given(
    before=st.lists(st.integers(0, 9), max_size=4), after=st.lists(st.integers(0, 9), max_size=4)
)
def test_a_denial_stays_a_denial(before: list[int], after: list[int]) -> None:
    """Whatever comes before or after a denied step, it and all that follow do not run."""
    registry = a_registry()
    plan = a_plan(a_step(value=value) for value in [*before, 5, *after])
    decisions = (
        *[a_decision()] * len(before),
        a_decision(allow=False),
        *[a_decision()] * len(after),
    )

    judged = pipeline.run(plan, facts_for(plan, registry, decisions=decisions), registry)

    statuses = [step.status.value for step in judged.outcome.steps]
    assert statuses == ["done"] * len(before) + ["refused"] + ["not_reached"] * len(after)
    assert judged.state.components["box"]["value"] == ([0, *before])[-1]


RULES: Final = (
    "state.a.a == state.b.a",
    "has(state.a.b) && state.a.b",
    "size(state.a) > 1",
    "state.a.size() > 1",
    "state.size() == 2",
    "state.b.a.size() > 0",
    "'a' in state.b || state.a.a == 'state.a'",
    "state['a'].a == 1",
    "state.missing.a || has(state.a.a)",
    "state.a == state.b",
    "inputs == state.a",
    "state.b.b.all(x, x == 1)",
)


@settings(max_examples=200)
@given(
    rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=3),
    state=st.fixed_dictionaries(
        {"a": VALUES | st.dictionaries(KEYS, VALUES)},
        optional={"b": st.dictionaries(KEYS, VALUES), "c": VALUES},
    ),
)
def test_narrowing_what_a_rule_reads_changes_no_verdict(
    rules: list[str], state: JsonObject
) -> None:
    """Rules judged on what they read give the verdict, and the fault, of the whole state."""
    narrow = ConditionSet.of(
        [Condition(rule=rule, message="holds") for rule in rules],
        subject="law",
        names=frozenset({"state", "inputs"}),
    )
    whole = ConditionSet(conditions=tuple(replace(item, reads=None) for item in narrow.conditions))

    assert narrow.first_broken(state, {"a": 1}) == whole.first_broken(state, {"a": 1})


@given(
    before=st.dictionaries(KEYS, VALUES),
    after=st.dictionaries(KEYS, VALUES),
    rule=st.sampled_from(RULES),
)
def test_a_rule_that_a_change_does_not_touch_keeps_its_verdict(
    before: JsonObject, after: JsonObject, rule: str
) -> None:
    """What `about` leaves out would have said the same before and after."""
    old, new = ({"a": before, "b": {"a": 1}}, {"a": after, "b": {"a": 1}})
    touched = frozenset(
        ("a", key) for key in before.keys() | after.keys() if _differ(before, after, key)
    )
    held = ConditionSet.of(
        [Condition(rule=rule, message="holds")],
        subject="law",
        names=frozenset({"state", "inputs"}),
    )

    kept = held.about(touched)

    inputs: JsonObject = {"a": 1}
    assert kept.conditions or held.first_broken(old, inputs) == held.first_broken(new, inputs)


def _differ(before: JsonObject, after: JsonObject, key: str) -> bool:
    return (key in before) != (key in after) or not json_equal(before.get(key), after.get(key))
