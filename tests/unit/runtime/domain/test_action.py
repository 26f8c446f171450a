"""An action is named with its version and declares itself as JSON."""

import pytest

from runtime.domain.action import Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonValue
from tests.builders import an_action


def test_an_id_holds_name_and_version() -> None:
    """The version is the number behind the last `@`."""
    action = an_action(id="box.put@12")

    assert (action.name, action.version) == ("box.put", 12)


def test_an_action_that_may_change_nothing_only_reads() -> None:
    """Reading is declared by declaring no change."""
    assert an_action(may_change=()).reads_only
    assert not an_action().reads_only


def test_a_document_holds_the_whole_declaration_but_the_handler() -> None:
    """Whatever a caller must know is in the digest; code is not."""
    action = an_action(
        permission=Permission(risk=Risk.HIGH, approvals=2, roles=("cook",)),
        preconditions=(Condition(rule="true", message="always"),),
        side_effects=(SideEffect(job="box.label", description="Prints."),),
        cost=4,
    )

    document = action.document()

    assert canonical_bytes(document)
    assert {**document, "input_schema": None} == {
        "id": "box.put@1",
        "title": "Put",
        "description": "Puts a value into the box.",
        "targets": ["box"],
        "input_schema": None,
        "preconditions": [{"rule": "true", "message": "always"}],
        "effects": {"may_change": ["/box/value"]},
        "permission": {
            "risk": "high",
            "confirmation": False,
            "approvals": 2,
            "roles": ["cook"],
            "visibility": "user",
            "urgent": False,
        },
        "cost": 4,
        "side_effects": [{"job": "box.label", "description": "Prints."}],
    }


def test_tokens_and_money_are_declared_where_there_are_any() -> None:
    """What uses neither has the digest that it always had."""
    plain, paid = an_action().document(), an_action(tokens=3, money_micros=250).document()

    assert {"tokens", "money_micros"}.isdisjoint(plain)
    assert paid == {**plain, "tokens": 3, "money_micros": 250}


def test_a_side_effect_tells_what_is_not_as_usual() -> None:
    """What declares no more than a name has the digest that it always had."""
    plain = SideEffect(job="box.label", description="Prints.")
    full = SideEffect(
        job="box.label",
        description="Prints.",
        parameters={"key": {"secret": "printer"}},
        result_action="box.note@1",
        serial="printer",
        unique_by=("/value",),
        priority=9,
        delay_s=1.5,
    )

    assert plain.document() == {"job": "box.label", "description": "Prints."}
    assert full.document() == {
        **plain.document(),
        "parameters": {"key": {"secret": "printer"}},
        "result_action": "box.note@1",
        "serial": "printer",
        "unique_by": ["/value"],
        "priority": 9,
        "delay_s": 1.5,
    }
    assert canonical_bytes(full.document())


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        pytest.param({"priority": 10}, "priority: is 10", id="priority"),
        pytest.param({"delay_s": -1.0}, "delay_s: is -1", id="past"),
        pytest.param({"delay_s": 1e9}, "delay_s: is 1000000000", id="too late"),
        pytest.param({"result_action": "box.note"}, "result_action: is 'box.note'", id="action"),
        pytest.param({"serial": "x" * 201}, "serial: has 201", id="serial"),
        pytest.param({"unique_by": ("value",)}, "does not start with", id="pointer"),
        pytest.param({"parameters": {"a": float("nan")}}, "nan", id="parameters"),
        pytest.param({"parameters": {"a": "x" * 40_000}}, "parameters: have", id="size"),
    ],
)
def test_a_side_effect_that_can_not_be_kept_is_refused(
    declared: dict[str, JsonValue], problem: str
) -> None:
    """A declaration that a commit could not store is told where it is made."""
    with pytest.raises(DeclarationError) as refused:
        SideEffect(job="box.label", description="Prints.", **declared)

    assert problem in str(refused.value).lower()
