"""A body becomes the plan that the mapping says, or is refused; none takes long."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from runtime.domain.errors import DeclarationError, DeliveryUnfitError
from runtime.domain.hook_mapping import MOST_BODY_BYTES, HookMapping
from runtime.engine.hook_mapping import CompiledMapping, compile_mapping
from runtime.kit.canonical_json import canonical_bytes


def compiled(inputs: dict[str, Any] | None = None, **changes: Any) -> CompiledMapping:  # noqa: ANN401  # any document
    """Compile a mapping of one step."""
    step = {"action": "counter.set", "inputs": inputs or {}}
    return compile_mapping(HookMapping.model_validate({"steps": [step], **changes}))


def inputs_of(mapping: CompiledMapping, body: Any) -> dict[str, Any]:  # noqa: ANN401  # any body
    """Return what the first step is given."""
    plan = mapping.plan(body)
    assert plan is not None
    return plan.steps[0].inputs


def test_inputs_come_from_where_the_mapping_says() -> None:
    """Constants, parts of the body and what expressions make of it."""
    mapping = compiled(
        {
            "constant": {"value": {"a": [1]}},
            "part": {"pointer": "/order/items/0"},
            "whole": {"pointer": ""},
            "missing": {"pointer": "/nothing", "optional": True},
            "made": {"cel": "body.order.total + 1"},
            "null": {"value": None},
        }
    )
    body = {"order": {"items": ["kiln"], "total": 2}}

    assert inputs_of(mapping, body) == {
        "constant": {"a": [1]},
        "part": "kiln",
        "whole": body,
        "made": 3,
        "null": None,
    }


def test_the_actions_are_those_of_the_mapping() -> None:
    """In their order, whatever the body says."""
    steps = [{"action": "a@1"}, {"action": "b", "inputs": {"x": {"pointer": "/action"}}}]
    mapping = compile_mapping(HookMapping.model_validate({"steps": steps}))

    plan = mapping.plan({"action": "evil@1", "steps": [{"action": "evil@1"}]})

    assert plan is not None
    assert [step.action for step in plan.steps] == ["a@1", "b"]


@pytest.mark.parametrize(
    ("rule", "acts"), [("body.kind == 'paid'", True), ("body.kind == 'open'", False)]
)
def test_a_condition_decides_whether_there_is_a_plan(rule: str, acts: bool) -> None:  # noqa: FBT001  # a case
    """A delivery that it passes over asks for nothing."""
    assert (compiled(when=rule).plan({"kind": "paid"}) is not None) is acts


@pytest.mark.parametrize("rule", ["body.kind", "1", "null", "body.missing == 1", "[true]"])
def test_a_condition_that_is_not_true_or_false_refuses(rule: str) -> None:
    """What is unclear is neither done nor passed over."""
    with pytest.raises(DeliveryUnfitError, match="when"):
        compiled(when=rule).plan({"kind": "paid"})


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"pointer": "/missing"}, id="nothing there"),
        pytest.param({"cel": "body.missing"}, id="nothing to compute with"),
        pytest.param({"cel": "body.one / 0"}, id="a division by zero"),
        pytest.param({"cel": "body.one + 9223372036854775807"}, id="an overflow"),
        pytest.param({"cel": "b'bytes'"}, id="bytes"),
        pytest.param({"cel": "double('nan')"}, id="no number"),
        pytest.param({"cel": "9007199254740993"}, id="a number that JSON does not keep"),
    ],
)
def test_an_input_that_can_not_be_made_refuses(source: dict[str, Any]) -> None:
    """It names the step and the input, and no value of the body."""
    with pytest.raises(DeliveryUnfitError, match="step 1, input 'x'") as refused:
        compiled({"x": source}).plan({"one": 1, "private": "secret of the sender"})

    assert "secret of the sender" not in str(refused.value)


def test_inputs_too_large_for_a_plan_refuse() -> None:
    """All of them together are counted."""
    body = {"text": "x" * 40_000}
    twice = compiled({"a": {"pointer": "/text"}, "b": {"pointer": "/text"}})

    assert inputs_of(compiled({"a": {"pointer": "/text"}}), body) == {"a": "x" * 40_000}
    with pytest.raises(DeliveryUnfitError, match="together"):
        twice.plan(body)


def test_inputs_nested_too_deep_refuse() -> None:
    """The engine never meets them."""
    body: Any = 1
    for _ in range(150):
        body = [body]

    with pytest.raises(DeliveryUnfitError, match="deep"):
        compiled({"x": {"pointer": ""}}).plan(body)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("body +", id="half a sum"),
        pytest.param("state.counter.value", id="another name"),
        pytest.param("(" * 200 + "1" + ")" * 200, id="too deep to parse"),
    ],
)
def test_an_expression_that_can_not_be_used_is_told_at_once(rule: str) -> None:
    """When the hook is made, not when somebody delivers."""
    with pytest.raises(DeclarationError, match="mapping"):
        compiled({"x": {"cel": rule}})


HOSTILE = {
    "a list": {"a": [{"k": number} for number in range(5_000)]},
    "numbers": {"a": [1] * 30_000},
    "a text": {"a": "x" * 60_000},
    "brackets": {"a": [[]] * 15_000},
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "rule",
    [
        "size(body.a" + " + body.a" * 8 + ")",
        "[" + ", ".join(["body"] * 10) + "]",
        "&&".join(["body==body"] * 5),
        "||".join(["[] in body.a"] * 10),
        "body.a" + "[0]" * 100,
    ],
    ids=["sums", "copies", "comparisons", "searches", "indexes"],
)
def test_the_worst_mapping_takes_a_moment_for_the_worst_body(rule: str, body: Any) -> None:  # noqa: ANN401  # any body
    """Both are bounded, so that what they cost is; a second would be ten times what it takes."""
    assert len(canonical_bytes(body)) <= MOST_BODY_BYTES
    mapping = compiled({"x": {"cel": rule}})

    began_s = time.process_time()
    with suppress(DeliveryUnfitError):
        mapping.plan(body)
    took_s = time.process_time() - began_s

    assert took_s < 2.0
