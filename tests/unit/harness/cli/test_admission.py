"""A choice of plugins that can't be read ends a command before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.cli.admission import admit_command
from harness.settings import HarnessSettings, chooses_plugins, mounted_settings
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL


@pytest.fixture(autouse=True)
def _admitted_again() -> Iterator[None]:
    """Let other tests import what is installed."""
    yield
    loader.admit(ADMIT_ALL)


def told(**environ: str) -> HarnessSettings:
    """Return settings of these variables."""
    return replace(mounted_settings(""), environ=environ)


def test_a_readable_choice_is_taken() -> None:
    """The command goes on."""
    assert admit_command(told(PLANGATE_PLUGINS="zoo")) == 0


def test_an_unreadable_choice_is_a_wrong_configuration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The entry is named, and what was expected."""
    assert admit_command(told(PLANGATE_PLUGINS="zoo==")) == 5
    assert "'zoo==' is no entry; expected NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["PLANGATE_PLUGINS", "PLANGATE_PLUGIN_ISOLATION", "PLANGATE_PLUGIN_PROBE_S"]
)
def test_only_a_variable_about_plugins_costs_an_import(name: str) -> None:
    """Without one each installed plugin is admitted, as from the beginning."""
    assert chooses_plugins(told(**{name: ""}))
    assert not chooses_plugins(told(PLANGATE_URL="http://127.0.0.1"))
