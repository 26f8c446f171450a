"""An environment of data alone records the calls that were made."""

import pytest

from runtime.domain.errors import DeclarationError
from runtime.domain.outcome import StepStatus
from runtime.kit.json_value import JsonObject
from runtime.plugins.declared import declared_plugin
from runtime.sandbox import Sandbox
from tests.builders import a_plan, a_step

PLAY: JsonObject = {
    "id": "music.play@1",
    "title": "Play",
    "description": "Plays a song.",
    "input_schema": {
        "type": "object",
        "properties": {"song": {"type": "string"}, "loud": {"type": "boolean", "default": False}},
        "required": ["song"],
        "additionalProperties": False,
    },
}
MUSIC: JsonObject = {
    "id": "music",
    "title": "Music",
    "description": "You play music.",
    "version": "3",
    "actions": [PLAY],
}


def test_calls_are_recorded_in_order() -> None:
    """A wrong argument shows in the state."""
    plugin = declared_plugin(MUSIC, source="music.yaml")
    sandbox = Sandbox.of(plugin, plugin.environments[0])

    judgement = sandbox.simulate(
        a_plan([a_step("music.play", song="a"), a_step("music.play", song="b", loud=True)]),
        sandbox.situation(),
    )

    assert (plugin.id, plugin.version) == ("music", "3")
    assert judgement.outcome.status is StepStatus.DONE
    assert judgement.state.components["journal"]["calls"] == [
        {"action": "music.play@1", "inputs": {"song": "a", "loud": False}},
        {"action": "music.play@1", "inputs": {"song": "b", "loud": True}},
    ]


def test_a_lookup_leaves_no_trace() -> None:
    """A function that only reads changes nothing, so its calls are not compared."""
    plugin = declared_plugin({**MUSIC, "actions": [{**PLAY, "read_only": True}]}, source="m.yaml")
    sandbox = Sandbox.of(plugin, plugin.environments[0])

    judgement = sandbox.simulate(a_plan([a_step("music.play", song="a")]), sandbox.situation())

    assert judgement.outcome.status is StepStatus.DONE
    assert judgement.state.components["journal"]["calls"] == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"actions": []}, "actions: Tuple should have at least 1 item", id="empty"),
        pytest.param({"actions": [{"id": "x"}]}, "actions.0.title: Field required", id="half"),
        pytest.param({"handler": "os.remove"}, "handler: Extra inputs", id="something more"),
        pytest.param({"title": None}, "title: Input should be a valid string", id="no title"),
    ],
)
def test_a_malformed_file_is_refused_with_every_place(change: JsonObject, problem: str) -> None:
    """The error names the file and the place in it."""
    with pytest.raises(DeclarationError, match=r"environment music\.yaml is not usable") as caught:
        declared_plugin({**MUSIC, **change}, source="music.yaml")

    assert any(found.startswith(problem) for found in caught.value.problems)
