"""Prove what a scenario is taken to allow, and that nothing else is."""

from __future__ import annotations

import pytest

from harness.strength.licence import licence
from runtime.public import JsonObject, JsonValue
from tests.worlds import Call, a_plan, prepared, steps_of

SET: Call = ("counter.set", {"value": 5})
SET_SIX: Call = ("counter.set", {"value": 6})
MOVE: Call = ("counter.increment", {"by": 2})
FAR: Call = ("counter.increment", {"by": 7})


def plan_of(*steps: JsonObject, mode: str = "exact") -> JsonObject:
    """Write an expected plan."""
    return {"plan": {"mode": mode, "steps": list(steps)}}


def calls(*written: Call, mode: str = "exact") -> JsonObject:
    """Write an expected plan of calls."""
    return plan_of(*steps_of(*written), mode=mode)


def optional(call: Call) -> JsonObject:
    """Write an optional step."""
    return {**steps_of(call)[0], "optional": True}


def set_to(value: JsonValue) -> JsonObject:
    """Write a step that sets the counter."""
    return {"action": "counter.set", "inputs": {"value": value}}


ANY: JsonObject = {"$any": True, "$example": 5}
GRAPH: JsonObject = {
    "plan": {
        "steps": [
            {"action": "counter.set", "inputs": {"value": 5}, "as": "set"},
            {"action": "counter.increment", "inputs": {"by": 2}, "after": ["set"]},
        ]
    }
}
TWO_PLANS: JsonObject = {"any_of": [{"steps": steps_of(SET)}, {"steps": steps_of(SET_SIX)}]}
TWO_CALLS: JsonObject = {"any_of": [dict(step) for step in steps_of(SET, SET_SIX)]}
REFERENCE_WITH_STATE: JsonObject = {
    **calls(SET, MOVE, mode="reference"),
    "state": {"/counter/value": {"$between": [0, 9], "$example": 7}},
}


def notes(expect: JsonObject, *written: Call) -> set[str] | None:
    """Return what allows a plan in a scenario."""
    scenario = prepared(expect=expect)
    plan = a_plan(written)
    found = licence(scenario, plan, scenario.sandbox.simulate(plan, scenario.situation).state)
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("expect", "written", "found"),
    [
        pytest.param(calls(SET), (SET,), set(), id="the golden plan"),
        pytest.param(calls(SET), (SET_SIX,), None, id="another value"),
        pytest.param(calls(SET), (SET, MOVE), None, id="a step more"),
        pytest.param(calls(SET, MOVE), (SET,), None, id="a step less"),
        pytest.param(calls(MOVE, FAR), (FAR, MOVE), None, id="order in exact"),
        pytest.param(calls(MOVE, FAR, mode="unordered"), (FAR, MOVE), {"order"}, id="unordered"),
        pytest.param(calls(SET, MOVE, mode="unordered"), (MOVE, SET), None, id="another state"),
        pytest.param(GRAPH, (MOVE, SET), None, id="against after"),
        pytest.param(plan_of(set_to(ANY)), (SET_SIX,), {"$any"}, id="matcher"),
        pytest.param(
            plan_of(set_to({"$between": [4, 5], "$example": 5})), (SET_SIX,), None, id="outside"
        ),
        pytest.param(plan_of(*steps_of(SET), optional(MOVE)), (SET, MOVE), {"optional"}, id="may"),
        pytest.param(plan_of(TWO_CALLS), (SET_SIX,), {"any_of"}, id="another call"),
        pytest.param(TWO_PLANS, (SET_SIX,), {"any_of"}, id="another plan"),
        pytest.param(calls(SET, MOVE, mode="subset"), (SET,), {"mode subset"}, id="subset"),
        pytest.param(
            calls(SET, mode="superset"), (MOVE, SET), {"mode superset"}, id="harmless extra"
        ),
        pytest.param(calls(SET, mode="superset"), (SET, MOVE), None, id="harmful extra"),
        pytest.param(
            calls(SET, MOVE, mode="reference"),
            (("counter.set", {"value": 7}),),
            {"mode reference"},
            id="reference",
        ),
        pytest.param(REFERENCE_WITH_STATE, (SET,), None, id="reference, another state"),
    ],
)
def test_only_declarations_allow_a_plan(
    expect: JsonObject, written: tuple[Call, ...], found: set[str] | None
) -> None:
    """What may differ is said by mode, matcher, option or alternative."""
    assert notes(expect, *written) == found


REMEMBER: JsonObject = {"key": "dog", "value": "Bolt"}


def remembering(**inputs: JsonValue) -> JsonObject:
    """Expect that something is remembered, under a key that may be left out of a pattern."""
    return plan_of({"action": "memory.remember", "inputs": {**REMEMBER, **inputs}})


@pytest.mark.parametrize(
    ("expect", "inputs", "found"),
    [
        pytest.param(remembering(), {}, set(), id="nothing differs"),
        pytest.param(remembering(), {"category": "other"}, set(), id="the default is written"),
        pytest.param(remembering(), {"category": "work"}, None, id="not the default"),
        pytest.param(remembering(category=ANY | {"$example": "work"}), {}, {"$any"}, id="any"),
        pytest.param(
            plan_of({"action": "memory.remember", "inputs": {"$includes": REMEMBER}}),
            {"category": "work"},
            {"$includes"},
            id="more members",
        ),
        pytest.param(
            plan_of(
                {"action": "memory.remember", "inputs": {**REMEMBER, "category": "work"}},
            ),
            {},
            None,
            id="the default in place of a value",
        ),
    ],
)
def test_defaults_are_filled_in_first(
    expect: JsonObject, inputs: JsonObject, found: set[str] | None
) -> None:
    """Leaving an input out means its default."""
    scenario = prepared(expect=expect, environment="memory")
    plan = a_plan([("memory.remember", {**REMEMBER, **inputs})])
    state = scenario.sandbox.simulate(plan, scenario.situation).state
    allowed = licence(scenario, plan, state)

    assert (None if allowed is None else set(allowed)) == found


CONFIGURED: JsonObject = {"temperature": 0.2}
MORE: JsonObject = {**CONFIGURED, "max_tokens": 5}
MAYBE: JsonObject = {"$one_of": [5, {"$absent": True}]}


@pytest.mark.parametrize(
    ("pattern", "inputs", "found"),
    [
        pytest.param({**MORE, "max_tokens": MAYBE}, CONFIGURED, {"$one_of"}, id="may be absent"),
        pytest.param({**MORE, "max_tokens": {"$optional": 5}}, MORE, {"$optional"}, id="may be"),
        pytest.param({**MORE, "max_tokens": ANY}, CONFIGURED, None, id="must be there"),
        pytest.param(MORE, CONFIGURED, None, id="literal"),
        pytest.param(CONFIGURED, MORE, None, id="not mentioned"),
    ],
)
def test_inputs_without_default_may_be_left_out_only_where_it_says_so(
    pattern: JsonObject, inputs: JsonObject, found: set[str] | None
) -> None:
    """A matcher that admits nothing at all says so."""
    expect = plan_of({"action": "prompt.configure", "inputs": pattern})
    scenario = prepared(expect=expect, environment="workbench")
    plan = a_plan([("prompt.configure", inputs)])
    state = scenario.sandbox.simulate(plan, scenario.situation).state
    allowed = licence(scenario, plan, state)

    assert (None if allowed is None else set(allowed)) == found


def test_volatile_places_do_not_count() -> None:
    """A state that differs only there is the same."""
    expect = {**calls(SET, mode="superset"), "volatile": ["/counter/value"]}

    assert notes(expect, SET, MOVE) == {"mode superset"}


def test_a_scenario_without_plan_allows_none() -> None:
    """There is nothing that a plan could be measured by."""
    assert notes({"decline": True}, SET) is None


def test_a_pattern_without_example_is_measured_by_the_defaults() -> None:
    """Only golden steps need an example."""
    either = [*steps_of(SET), {"action": "counter.set", "inputs": {"value": {"$any": True}}}]

    assert notes(plan_of({"any_of": either}), SET_SIX) == {"any_of", "$any"}
