"""The matcher decides every case of the kit as a careful person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.matching.alignment import align, explain
from harness.matching.compiled import compile_plan
from harness.matching.expectation import ABSENT
from harness.matching.matcher import mismatch
from harness.matching.pattern import inputs_mismatch
from harness.scenario import ExpectedPlan
from runtime.public import JsonObject, Step

KIT: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent.parent / "kit" / "matcher_kit.yaml").read_text("utf-8")
)
PEER_DEFECTS = 13


def cases(section: str) -> list[Any]:
    """Return the cases of a section under their ids."""
    return [pytest.param(case, id=case["id"]) for case in KIT[section]]


def with_defaults(inputs: JsonObject, defaults: JsonObject) -> JsonObject:
    """Fill in defaults as a schema does: inside an object only where that object is there."""
    plain = {name: value for name, value in defaults.items() if not isinstance(value, dict)}
    return {
        **plain,
        **{
            name: with_defaults(value, defaults.get(name, {})) if isinstance(value, dict) else value
            for name, value in inputs.items()
        },
    }


def called(call: JsonObject) -> JsonObject:
    """Read {action: inputs}."""
    ((action, inputs),) = call.items()
    return {"action": action, "inputs": inputs}


def expected_step(written: JsonObject) -> JsonObject:
    """Read a call, a call with options, or alternatives."""
    if "any_of" in written:
        return {**written, "any_of": [called(call) for call in written["any_of"]]}
    if "do" in written:
        return {**called(written["do"]), **{k: v for k, v in written.items() if k != "do"}}
    return called(written)


@pytest.mark.parametrize("case", cases("values"))
def test_value_is_judged_as_the_kit_says(case: dict[str, Any]) -> None:
    """No mismatch exactly where the kit says that it matches."""
    found = mismatch(case["expect"], case.get("actual", ABSENT))
    assert (not found) is case["match"], [item.line() for item in found]


@pytest.mark.parametrize("case", cases("inputs"))
def test_inputs_are_judged_as_the_kit_says(case: dict[str, Any]) -> None:
    """Defaults are filled into both sides."""
    found = inputs_mismatch(
        case["expect"],
        case["actual"],
        complete=lambda inputs: with_defaults(inputs, case["defaults"]),
    )
    assert (not found) is case["match"], [item.line() for item in found]


@pytest.mark.parametrize("case", cases("plans"))
def test_plan_is_judged_as_the_kit_says(case: dict[str, Any]) -> None:
    """A wrong plan comes with an explanation, a right one without."""
    written = {key: case[key] for key in ("mode",) if key in case}
    steps = [expected_step(step) for step in case["steps"]]
    plan = compile_plan(ExpectedPlan.model_validate({**written, "steps": steps}))
    found = align(plan, [Step.model_validate(called(call)) for call in case["actual"]])
    assert found.matches is case["match"], explain(found, plan)
    assert found.matches or explain(found, plan)


def test_kit_is_large_and_each_case_has_its_own_id_and_reason() -> None:
    """At least 200 cases, each of the 13 defects seen in peers among them."""
    every = [case for section in KIT.values() for case in section]
    ids = [case["id"] for case in every]
    assert len(every) >= 200
    assert len(set(ids)) == len(ids)
    assert all(case["why"] for case in every)
    seen = {name.split("-")[1] for name in ids if name.startswith("peer-")}
    assert seen == {f"{number:02}" for number in range(1, PEER_DEFECTS + 1)}
