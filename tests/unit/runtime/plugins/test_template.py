"""A new plugin is complete: its own tests pass as they are written, and so does its check."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from runtime.plugins.distributions import offers
from runtime.plugins.examination import examined
from runtime.plugins.template import TemplateError, new_plugin
from tests.wheels import build_wheel, install

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("name", ["zoo", "zoo-keeper2"])
def test_the_tests_of_a_new_plugin_pass(tmp_path: Path, name: str) -> None:
    """As its author runs them first."""
    new_plugin(name, tmp_path / "new")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:plangate", "."],
        cwd=tmp_path / "new",
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}{ROOT}", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout


def test_a_new_plugin_is_sound_once_installed(tmp_path: Path) -> None:
    """Its wheel has what is asked of a distribution, and nothing is wrong with it."""
    new_plugin("zoo-keeper", tmp_path / "new")
    site = install(build_wheel(tmp_path / "new", tmp_path), tmp_path / "site")
    (offer,) = offers([str(site)])

    found = examined(offer, beside=(), environ={}, path=(str(site),))

    assert (offer.name, offer.contract) == ("zoo-keeper", "1.2:1.2")
    assert (found.problems, found.warnings) == ((), ())


def test_the_files_are_those_of_a_project(tmp_path: Path) -> None:
    """What is written is told, in the place that was asked for."""
    written = new_plugin("zoo", tmp_path / "a" / "b")
    project = tomllib.loads((tmp_path / "a" / "b" / "pyproject.toml").read_text())

    assert {str(path) for path in written} == {
        "README.md",
        "plangate_zoo/__init__.py",
        "plangate_zoo/plugin.py",
        "pyproject.toml",
        "tests/test_plugin.py",
    }
    assert project["project"]["name"] == "plangate-zoo"


@pytest.mark.parametrize(
    "name", ["", "Zoo", "zoo_keeper", "../zoo", "-zoo", "zoo-", "9zoo", "z" * 41]
)
def test_a_strange_name_is_refused(tmp_path: Path, name: str) -> None:
    """It would be no package, or another place."""
    with pytest.raises(TemplateError, match="expected lower-case letters"):
        new_plugin(name, tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that holds something stays as it is."""
    (tmp_path / "kept").write_text("mine")

    with pytest.raises(TemplateError, match="is not empty"):
        new_plugin("zoo", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
