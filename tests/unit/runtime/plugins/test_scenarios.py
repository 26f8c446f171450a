"""Scenarios of a plugin are folders of its package, or the plugin is told to be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.domain.errors import DeclarationError
from runtime.plugins.contract import Plugin
from runtime.plugins.scenarios import scenario_folders


def a_plugin(*scenarios: str) -> Plugin:
    """Build a plugin that declares scenarios."""
    return Plugin(id="zoo", version="1", components=(), actions=(), scenarios=scenarios)


def test_folders_are_found_in_the_package(installed: Path) -> None:
    """Wherever it is installed, without importing it."""
    package = installed / "zoo_of_tests"
    (package / "cases" / "small").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError")

    found = scenario_folders(a_plugin("zoo_of_tests:cases", "zoo_of_tests:cases/small"))

    assert found == (package / "cases", package / "cases" / "small")


@pytest.mark.parametrize("declared", ["no_such_package:cases", "json:cases", "no_such.inner:cases"])
def test_a_folder_that_is_not_there_is_told(declared: str) -> None:
    """With what the plugin says of it."""
    with pytest.raises(DeclarationError, match=f"its scenarios '{declared}' are no folder"):
        scenario_folders(a_plugin(declared))
