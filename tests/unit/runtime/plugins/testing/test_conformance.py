"""Handlers are held to what their actions declare."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from runtime.domain.action import HandlerRefusal
from runtime.domain.condition import Condition
from runtime.plugins.contract import Plugin
from runtime.plugins.loader import load_plugin
from runtime.plugins.testing import check
from tests.builders import a_component, an_action

State: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[State, State], Any]


def found(handler: Handler, **change: Any) -> tuple[str, ...]:  # noqa: ANN401  # fields of an action
    """Return the problems of a plugin whose action has a handler."""
    action = an_action(handler=handler, **change)
    return check(Plugin(id="box", version="1", components=(a_component(),), actions=(action,)))


def put(inputs: State, state: State) -> State:
    """Do what the action says."""
    state["box"]["value"] = inputs["value"]
    return state


@pytest.mark.parametrize("name", ["counter", "courier", "facility", "memory", "workbench"])
def test_built_in_plugins_conform(name: str) -> None:
    """The kit is fit for what we write ourselves."""
    assert check(load_plugin(name)) == ()


def test_a_sound_handler_conforms() -> None:
    """Also one that refuses."""

    def refuses(inputs: State, state: State) -> State:
        raise HandlerRefusal("never")

    assert found(put) == ()
    assert found(refuses) == ()


def _twice(numbers: Iterator[int]) -> Handler:
    def handler(_: State, state: State) -> State:
        state["box"]["value"] = next(numbers)
        return state

    return handler


def _into(name: str) -> Handler:
    def handler(_: State, state: State) -> State:
        state["box"][name] = "x"
        return state

    return handler


def _raises(_: State, __: State) -> State:
    raise KeyError("x")


def _changes_inputs(inputs: State, state: State) -> State:
    inputs["value"] = 99
    return state


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (_twice(itertools.count()), "two answers to one question; it must be pure"),
        (_into("note"), "it changes /box/note, which may_change does not declare"),
        (_into("value"), "it leaves /box/value:"),
        (_raises, "its handler raises KeyError: 'x'"),
        (_changes_inputs, "its handler changes its inputs"),
        (lambda *_: {"box": {"value": object()}}, "gives back what is no JSON"),
        (lambda *_: 5, "gives back no state"),
        (lambda *_: {}, "it drops the component 'box'"),
    ],
)
def test_a_broken_word_is_told(handler: Handler, problem: str) -> None:
    """Once, with the action."""
    problems = found(handler)

    assert any(problem in item for item in problems)
    assert all(item.startswith("box.put@1: ") for item in problems)
    assert len(set(problems)) == len(problems)


def test_what_preconditions_keep_away_is_not_called() -> None:
    """The engine would not call it either."""
    rule = Condition(rule="inputs.value > 10000", message="never")

    assert found(_raises, preconditions=(rule,)) == ()


def test_states_behind_the_first_are_tried() -> None:
    """What breaks only after a step is found."""

    def later(inputs: State, state: State) -> State:
        if state["box"]["value"]:
            raise KeyError("later")
        return put(inputs, state)

    assert found(later) == ("box.put@1: its handler raises KeyError: 'later'",)


def test_unsound_declarations_are_told_and_nothing_is_called() -> None:
    """There is nothing to hold a handler to."""
    plugin = Plugin(id="box", version="1", components=(a_component(),), actions=(an_action(),))

    assert check(replace(plugin, id="B\u043ex"))[0].startswith("plugin id")
