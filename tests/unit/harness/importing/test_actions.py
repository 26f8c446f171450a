"""Prove that published functions become actions with legal, distinct and stable ids."""

from __future__ import annotations

import re

import pytest

from harness.importing.actions import Catalogue, Function, action_name, declaration
from runtime.public import JsonObject

ACTION_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")


def a_function(name: str = "pump.start", **schema: object) -> Function:
    """Build a function."""
    declared: JsonObject = {"type": "object", **schema}
    return Function(name=name, description="Starts it.", schema=declared)


@pytest.mark.parametrize(
    ("published", "name"),
    [
        pytest.param("pump.start", "pump.start", id="legal already"),
        pytest.param("start_pump", "call.start_pump", id="no dot"),
        pytest.param("Pump.startNow", "pump.start_now", id="camel case"),
        pytest.param("HTTPPump.getURL", "http_pump.get_url", id="capitals in a row"),
        pytest.param("a.b.c", "a.b.c", id="several dots"),
        pytest.param("2d.plot", "n2d.plot", id="a digit first"),
        pytest.param("_pump..start-now!", "pump.start_now", id="marks at the edges"),
        pytest.param("泵", "call.unnamed", id="no letter that an id may have"),
    ],
)
def test_name_is_mapped_to_a_legal_one(published: str, name: str) -> None:
    """Every published name has an action name that the registry takes."""
    assert action_name(published) == name
    assert ACTION_NAME.match(name)


def test_equal_declarations_share_an_action() -> None:
    """Two questions that offer the same function offer the same action."""
    catalogue = Catalogue()
    catalogue.keep([a_function()])

    assert catalogue.ids([a_function()]) == {"pump.start": "pump.start@1"}
    catalogue.keep([a_function()])
    assert [item["id"] for item in catalogue.actions()] == ["pump.start@1"]


def test_different_declarations_of_a_name_are_versions() -> None:
    """A question keeps the declaration that it was published with."""
    catalogue = Catalogue()
    catalogue.keep([a_function()])
    catalogue.keep([a_function(minProperties=1)])
    catalogue.keep([a_function(minProperties=2)])

    assert catalogue.ids([a_function(minProperties=1)]) == {"pump.start": "pump.start@2"}
    assert catalogue.ids([a_function()]) == {"pump.start": "pump.start@1"}
    assert [item["id"] for item in catalogue.actions()] == [
        "pump.start@1",
        "pump.start@2",
        "pump.start@3",
    ]


def test_names_that_map_alike_stay_apart() -> None:
    """Versions of one action hide each other from a model, so other functions get other names."""
    catalogue = Catalogue()
    pumps = [a_function("pump.start"), a_function("Pump.start"), a_function("pump.Start")]
    ids = {
        "pump.start": "pump.start@1",
        "Pump.start": "pump.start_2@1",
        "pump.Start": "pump.start_3@1",
    }

    assert catalogue.ids(pumps) == ids
    catalogue.keep(pumps)
    assert catalogue.ids(pumps[::-1]) == ids


def test_asking_for_ids_keeps_nothing() -> None:
    """A question that is refused later leaves no action behind."""
    catalogue = Catalogue()
    catalogue.ids([a_function()])

    assert catalogue.actions() == []


def test_declaration_keeps_the_published_name() -> None:
    """The title shows what the benchmark called it."""
    assert declaration("call.start_pump@1", a_function("startPump")) == {
        "id": "call.start_pump@1",
        "title": "startPump",
        "description": "Starts it.",
        "input_schema": {"type": "object"},
    }
