"""The registry tells how the prompt of an environment changed, and never another text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from harness.record import read_run
from harness.results import Manifest
from harness.sandboxes import world_beside
from harness.tracking.prompts import PromptText, prompts_of, registered
from harness.yaml_source import read_yaml
from runtime.public import JsonObject, RulesDesk, Sandbox, canonical_bytes, declared_plugin
from tests.unit.harness.reporting.builders import a_run, a_trial
from tests.unit.harness.tracking.conftest import Logged

MUSIC: Final[JsonObject] = {
    "id": "music",
    "title": "Music",
    "description": "You play music.",
    "actions": [
        {
            "id": "music.play@1",
            "title": "Play",
            "description": "Plays a song.",
            "input_schema": {"type": "object", "additionalProperties": False},
        }
    ],
}


def manifest_of(folder: Path, environment: str, prompt: str) -> Manifest:
    """Build the manifest of a run in one environment with one prompt."""
    trial = a_trial(environment=environment)
    return read_run(
        a_run(folder, [trial], comparability={environment: {"prompt": prompt}})
    ).manifest


def test_the_prompt_is_what_the_model_was_shown(tmp_path: Path) -> None:
    """State and facts, which change with each message, are places in the text."""
    sandbox = Sandbox.named("helpdesk")

    (text,) = prompts_of(manifest_of(tmp_path / "run", "helpdesk", sandbox.comparability["prompt"]))

    assert text.name == "plangate.helpdesk"
    assert text.template.startswith(sandbox.briefing(sandbox.environment.principal).text)
    assert text.template.endswith("State (data)\n{{state}}\n\nFacts (data)\n{{facts}}")


@pytest.mark.parametrize(
    ("environment", "prompt"),
    [
        pytest.param("helpdesk", "0:sha256:other", id="the prompt changed since"),
        pytest.param("nowhere", "1:sha256:gone", id="the environment is gone"),
    ],
)
def test_a_text_that_the_run_did_not_use_is_left_out(
    tmp_path: Path, environment: str, prompt: str
) -> None:
    """A registry that tells another text would be worse than none."""
    assert prompts_of(manifest_of(tmp_path / "run", environment, prompt)) == ()


def test_an_environment_beside_the_scenarios_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imported suites bring their own declarations; a broken one is passed over."""
    home = tmp_path / "scenarios" / "music"
    home.mkdir(parents=True)
    (home / "a.environment.yaml").write_text("- no mapping\n", encoding="utf-8")
    (home / "b.environment.yaml").write_bytes(canonical_bytes(MUSIC))
    monkeypatch.chdir(tmp_path)
    plugin = declared_plugin(MUSIC, source="b")
    prompt = Sandbox.of(plugin, plugin.environments[0]).comparability["prompt"]

    (text,) = prompts_of(manifest_of(tmp_path / "run", "music", prompt))

    assert "You play music." in text.template


def test_an_installed_environment_that_a_file_changes_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its description is the prompt's, not that of the one which it extends."""
    home = tmp_path / "scenarios" / "house"
    home.mkdir(parents=True)
    described = {"id": "house", "extends": "counter", "description": "You count in a house."}
    path = home / "house.environment.yaml"
    path.write_bytes(canonical_bytes(described))
    monkeypatch.chdir(tmp_path)
    world = world_beside(read_yaml(path, shown_as="house"), RulesDesk())
    prompt = Sandbox.of(world.plugin, world.environment).comparability["prompt"]

    (text,) = prompts_of(manifest_of(tmp_path / "run", "house", prompt))

    assert "You count in a house." in text.template


@pytest.mark.filterwarnings("ignore")  # the driver's own
def test_a_text_is_registered_once(logged: Logged) -> None:
    """Only a new text makes a new version."""
    client = logged.store.client
    texts = [PromptText(environment="e", template=text) for text in ("one", "two", "one", "two")]

    versions = [registered(client, text).version for text in texts]

    assert versions == [1, 2, 1, 2]
    assert client.get_prompt_version("plangate.e", 1).template == "one"
