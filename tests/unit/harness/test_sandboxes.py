"""Prove that what is given is applied, and that sandboxes are shared where they can be."""

from __future__ import annotations

from harness.sandboxes import Sandboxes, conversation_of, situation_of
from harness.yaml_source import parse_yaml
from runtime.public import JsonObject, Mode
from tests.worlds import a_scenario, prepared

GIVEN: JsonObject = {
    "state": {"/counter/value": 4},
    "facts": {"a": 1},
    "history": [{"user": "Hello"}, {"assistant": "Yes?"}],
    "principal": {"roles": ["viewer"], "grant": "interactive"},
    "consent": {"confirm": False, "approve": False},
    "limits": {"per_minute": 3},
    "usage": {"last_minute": 2},
    "now": "2026-03-03T10:00:00Z",
}
ATTACHED: JsonObject = {
    "message": "Look.",
    "attachments": [
        {"name": "a.txt", "mime": "text/plain", "text": "hé"},
        {"name": "b.png", "mime": "image/png", "base64": "iVBO"},
    ],
}


def test_what_is_given_replaces_the_starting_point() -> None:
    """Everything else stays the environment's."""
    scenario = a_scenario(given=GIVEN, expect={"decline": True})
    sandbox = Sandboxes({}).sandbox(scenario)

    found = situation_of(scenario, sandbox)

    assert found.state.components["counter"]["value"] == 4
    assert found.state.components["counter"]["step"] == 1
    assert (found.principal.roles, found.principal.grant) == (("viewer",), Mode.INTERACTIVE)
    assert found.principal.id == sandbox.situation().principal.id
    assert (found.confirms, found.approves) == (False, False)
    assert (found.limits.per_minute, found.usage.last_minute) == (3, 2)
    assert found.now.day == 3
    assert found.facts == {"a": 1}


def test_nothing_given_is_the_starting_point() -> None:
    """The environment's limits hold, and consent is granted."""
    scenario = a_scenario()
    sandbox = Sandboxes({}).sandbox(scenario)

    found = situation_of(scenario, sandbox)

    assert found.state.digest == sandbox.situation().state.digest
    assert found.limits == sandbox.environment.limits
    assert (found.confirms, found.approves) == (True, True)


def test_a_conversation_holds_turns_and_decoded_attachments() -> None:
    """The model sees who spoke and the bytes of files."""
    found = conversation_of(a_scenario(given=GIVEN, when=ATTACHED, expect={"decline": True}))

    assert [(turn.speaker, turn.text) for turn in found.history] == [
        ("user", "Hello"),
        ("assistant", "Yes?"),
    ]
    assert [item.data for item in found.attachments] == ["hé".encode(), b"\x89PN"[:3]]


def test_a_sandbox_is_compiled_once_for_each_selection_of_actions() -> None:
    """Scenarios of one environment share it; another selection is another world."""
    sandboxes = Sandboxes({})
    only: JsonObject = {"actions": ["counter.set"]}

    assert sandboxes.sandbox(a_scenario()) is sandboxes.sandbox(a_scenario())
    restricted = sandboxes.sandbox(a_scenario(given=only))
    assert list(restricted.registry.actions) == ["counter.set@1"]
    assert restricted is sandboxes.sandbox(a_scenario(given=only))


def test_a_removed_value_is_gone() -> None:
    """Null would be a value."""
    given: JsonObject = {"state": {"/tickets/t_107": {"$remove": True}}}

    found = prepared(environment="helpdesk", given=given, expect={"decline": True})

    assert "t_107" not in found.situation.state.components["tickets"]


DECLARED = """\
id: journaled
title: Journaled
description: Records calls.
actions:
  - id: note.write@1
    title: Write
    description: Writes a note.
    input_schema: {type: object, properties: {text: {type: string}}}
"""


def test_an_environment_beside_the_scenarios_is_used() -> None:
    """It comes before installed ones."""
    sandboxes = Sandboxes({"journaled": parse_yaml(DECLARED, shown_as="j.environment.yaml")})
    scenario = a_scenario(("note.write", {"text": "x"}), environment="journaled")

    assert list(sandboxes.sandbox(scenario).registry.actions) == ["note.write@1"]
