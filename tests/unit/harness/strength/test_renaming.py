"""Prove that entities get other ids everywhere, and that nothing else changes."""

from __future__ import annotations

import base64

import pytest

from harness.strength.renaming import Renaming
from runtime.public import JsonObject, JsonValue, Sandbox, State
from tests.worlds import a_scenario, steps_of

STATE = State.of({"tickets": {f"t_{number}": {"open": True} for number in (1, 22)}})
RENAMING = Renaming(names=(("t_1", "t_8"), ("t_22", "t_55")))


def renamed(state: State, **when: JsonValue) -> dict[str, str]:
    """Choose names for a scenario in which something is said."""
    return dict(Renaming.of(a_scenario(when={"message": "Close it.", **when}), state).names)


def test_other_ids_have_the_same_shape() -> None:
    """Same prefix, digits for digits; no new id is an old one or given twice."""
    names = renamed(STATE)

    assert set(names) == {"t_1", "t_22"}
    assert {name[:2] for name in names.values()} == {"t_"}
    assert [len(names["t_1"]), len(names["t_22"])] == [3, 4]
    assert all(name[2:].isdigit() for name in names.values())
    assert not {*names} & {*names.values()}


def test_ids_stay_apart_where_short_ones_are_taken() -> None:
    """Nine ids of one digit leave no other of one digit; longer ones are drawn."""
    names = renamed(State.of({"all": {f"t_{digit}": {"a": 1} for digit in range(1, 10)}}))

    assert len(set(names.values())) == len(names) == 9
    assert not {*names} & {*names.values()}


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param("Close 22.", {"t_1"}, id="the number alone"),
        pytest.param("Close T_22.", {"t_1", "t_22"}, id="the id"),
        pytest.param("Close 221.", {"t_1", "t_22"}, id="part of another number"),
    ],
)
def test_an_id_that_is_said_in_part_keeps_its_name(said: str, left: set[str]) -> None:
    """Otherwise the message would name nothing."""
    assert set(renamed(STATE, message=said)) == left


def test_words_are_no_ids() -> None:
    """What is remembered under `home_city` is found by what the key means."""
    assert not Renaming.of(a_scenario(), State.of({"f": {"home_city": {"v": 1}, "b": {"v": 2}}}))


def test_texts_and_keys_are_renamed_as_words() -> None:
    """An id inside a longer one is another id; capitals stay capitals."""
    value = {"t_1": ["see t_1, T_22", {"x": "t_11 at_1 t_1_a"}], "n": 1}

    assert RENAMING.value(value) == {
        "t_8": ["see t_8, T_55", {"x": "t_11 at_1 t_1_a"}],
        "n": 1,
    }


def test_a_scenario_is_renamed_in_all_its_parts() -> None:
    """Given, said, attached and expected ids change alike; id and place do not."""
    text, binary = (base64.b64encode(item).decode() for item in (b"see t_1", b"\xff\xfe t_1"))
    scenario = a_scenario(
        given={"facts": {"last": "t_1"}, "state": {"/tickets/t_22/open": False}},
        when={
            "message": "t_1 please",
            "attachments": [
                {"name": "a", "mime": "text/plain", "text": "t_1"},
                {"name": "b", "mime": "text/plain", "base64": text},
                {"name": "c", "mime": "image/png", "base64": binary},
            ],
        },
        expect={"plan": {"steps": steps_of(("ticket.close", {"ticket": "t_1", "by": None}))}},
    )

    twin = RENAMING.scenario(scenario)

    assert (twin.id, twin.line, twin.when.message) == (scenario.id, scenario.line, "t_8 please")
    assert twin.given.facts == {"last": "t_8"}
    assert list(twin.given.state) == ["/tickets/t_55/open"]
    assert twin.expect.plans[0].steps[0].inputs == {"ticket": "t_8", "by": None}
    first, second, third = twin.when.attachments
    assert first.text == "t_8"
    assert base64.b64decode(second.base64 or "") == b"see t_8"
    assert third.base64 == binary


def test_declarations_are_renamed() -> None:
    """Initial states, and the examples in descriptions, name what exists."""
    plugin = Sandbox.named("helpdesk").plugin
    names = Renaming(names=(("t_100", "t_999"),))

    twin = names.plugin(plugin)

    states: JsonObject = {item.id: item.initial_state for item in twin.components}
    assert "t_999" in states["tickets"]
    assert "t_100" not in states["tickets"]
    (close,) = (item for item in twin.actions if item.name == "ticket.close")
    assert "t_999" in close.input_schema["properties"]["ticket"]["description"]
