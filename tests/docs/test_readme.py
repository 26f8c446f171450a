"""What README.md and docs/ tell a reader to write and to type is true."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from harness.cli.reading import read_scenarios
from harness.prepared import prepare_all
from runtime.entrypoints.cli.main import app
from runtime.plugins.effects import Effect, effects_by_name
from runtime.public import Plugin, Sandbox
from tests.docs.documents import DOCUMENTS, ROOT, blocks, commands, links

EXAMPLES: Final = tuple(
    pytest.param(text, id=f"{path.name}-{number}")
    for path in (ROOT / "README.md", ROOT / "docs" / "scenarios.md")
    for number, text in enumerate(blocks(path, "yaml"), start=1)
)
COMMANDS: Final = tuple(
    pytest.param(command, id=f"{path.name}: {command}")
    for path in DOCUMENTS
    for command in sorted(set(commands(path)))
)
PLACEHOLDER: Final = re.compile(r"\.\.\.|[\[\]]")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_a_scenario_is_sound(tmp_path: Path, text: str) -> None:
    """A reader who copies it has a scenario whose golden plan executes."""
    (tmp_path / "example.yaml").write_text(text, encoding="utf-8")

    (prepared,) = prepare_all(read_scenarios((tmp_path,)))

    assert prepared.golden is not None


def test_readme_and_guide_show_a_whole_scenario() -> None:
    """Each of both teaches by an example."""
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_with_its_options(command: str) -> None:
    """Nobody is told to type what is not there."""
    program, *words = shlex.split(PLACEHOLDER.sub(" ", command))

    if program == "plangate":
        assert set(_options(words)) <= set(re.findall(r"--[a-z-]+", _help(words)))
    elif program == "make":
        targets = re.findall(r"^([a-z0-9%-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert any(re.fullmatch(target.replace("%", ".+"), words[0]) for target in targets)
    else:
        assert set(_options(words)) <= {"--plangate-model", "--plangate-seed"}
        assert [word for word in words if "/" in word and not _is_there(word, words)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_somewhere(path: Path) -> None:
    """Documents are found from one another."""
    assert [target for target in links(path) if not (path.parent / target).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    """A decision that nobody finds is questioned again."""
    folder = ROOT / "docs" / "decisions"

    assert set(links(folder / "README.md")) == {path.name for path in folder.glob("0*.md")}


def test_a_line_of_the_changelog_is_short() -> None:
    """At most 25 words tell a user what changed."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("- ") and len(line.split()) > 26] == []


def test_the_plugin_of_the_guide_is_usable() -> None:
    """A reader who copies it has an environment, and an effect beside it."""
    module: dict[str, object] = {}
    for text in blocks(ROOT / "docs" / "environments.md", "python"):
        exec(compile(text, "lights.py", "exec"), module)  # noqa: S102  # our own document

    plugin, effect = module["PLUGIN"], module["RING"]

    assert isinstance(plugin, Plugin)
    assert Sandbox.of(plugin, plugin.environments[0]).book.names
    assert isinstance(effect, Effect)
    assert effects_by_name((effect,)) == {"bell.ring": effect}


def test_pytest_replays_the_shipped_scenarios() -> None:
    """The settings of this repository's own tests do not switch the plugin off for scenarios."""
    command = [sys.executable, "-m", "pytest", "scenarios/memory/privacy.yaml", "-q"]
    choice = ["-p", "no:cacheprovider", "--plangate-model", "plangate/oracle"]

    ran = subprocess.run([*command, *choice], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^[1-9]\d* passed", ran.stdout, re.MULTILINE), ran.stdout


def _is_there(word: str, words: list[str]) -> bool:
    """Tell whether a word is a file of this repository or the value of an option."""
    return (ROOT / word).exists() or words[words.index(word) - 1].startswith("--")


def _options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--") and word != "--help"]


def _help(words: list[str]) -> str:
    """Return the help of the command that the words begin with."""
    names = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)][:3]
    for length in range(len(names), -1, -1):
        shown = CliRunner().invoke(app, [*names[:length], "--help"])
        if shown.exit_code == 0 and (length == len(names) or "Commands:" not in shown.output):
            return shown.output
    return pytest.fail(f"there is no command plangate {' '.join(names)}")
