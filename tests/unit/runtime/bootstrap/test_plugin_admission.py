"""One list says what the platform and an evaluation may import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.bootstrap.plugin_admission import admission_of, admit_installed
from runtime.domain.errors import DeclarationError
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL, Admission
from runtime.settings import SettingsError
from runtime.settings.plugins import PluginSettings
from tests.hostile_plugins import install_healthy


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder in which a plugin is installed."""
    monkeypatch.syspath_prepend(tmp_path)
    install_healthy(tmp_path, "heron")
    loader.look_again()
    yield tmp_path
    loader.admit(ADMIT_ALL)
    loader.look_again()


def standing() -> tuple[str, str]:
    """Return how the installed plugin stands, and why."""
    (heron,) = (item for item in loader.plugin_reports() if item.offer.name == "heron")
    return heron.standing.value, heron.reason


def test_a_list_is_the_whole_list() -> None:
    """Whatever holds where it is not set."""
    told = PluginSettings(admitted="zoo==1.2", isolates=True, probe_s=9.0)
    found = admission_of(told, environ={"A": "b"}, unset=ADMIT_ALL)

    assert not found.everything
    assert [(item.name, item.version) for item in found.entries] == [("zoo", "1.2")]
    assert (found.isolates, found.probe_s, found.environ) == (True, 9.0, {"A": "b"})


def test_unset_is_what_the_caller_says() -> None:
    """With the reason that whoever looks for a plugin is told."""
    unset = Admission(why_nothing="it is not set")
    found = admission_of(PluginSettings(), environ={}, unset=unset)

    assert (found.everything, found.entries, found.why_nothing) == (False, (), "it is not set")
    assert admission_of(PluginSettings(), environ={}, unset=ADMIT_ALL).everything


def test_a_list_that_can_not_be_read_is_said() -> None:
    """The entry is named."""
    with pytest.raises(SettingsError, match="'zoo==' is no entry"):
        admission_of(PluginSettings(admitted="zoo=="), environ={}, unset=ADMIT_ALL)
    with pytest.raises(DeclarationError, match="'zoo==' is no entry"):
        admit_installed({"PLANGATE_PLUGINS": "zoo=="})
    with pytest.raises(DeclarationError, match="expected declared or process"):
        admit_installed({"PLANGATE_PLUGIN_ISOLATION": "often"})


def test_an_evaluation_admits_what_is_named(installed: Path) -> None:
    """Unset, each that is installed."""
    admit_installed({"PLANGATE_PLUGINS": "other"})
    unnamed = standing()
    admit_installed({"PLANGATE_PLUGINS": "dist-heron"})
    named = standing()
    admit_installed({})

    told = "PLANGATE_PLUGINS does not name dist-heron; add it to admit it"
    assert unnamed == ("not_admitted", told)
    assert (named, standing()) == (("served", ""), ("served", ""))
