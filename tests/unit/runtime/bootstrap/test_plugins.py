"""What may be imported follows from what a process is told, and is told of in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from runtime.bootstrap.effects import installed_effects
from runtime.bootstrap.environments import installed_environments
from runtime.bootstrap.plugins import (
    PluginFigures,
    admit_plugins,
    effect_owners,
    find_plugins,
    handed_plugins,
    plugin_entries,
    take_plugins,
)
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from runtime.settings import ServiceSettings, SettingsError
from tests.hostile_plugins import install_healthy, install_hostile
from tests.wheels import install_module

DATABASE = {"PLANGATE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with a sound plugin and a hostile one, on this process's path."""
    monkeypatch.syspath_prepend(tmp_path)
    install_healthy(tmp_path, "boot_fine")
    install_hostile(tmp_path, "bad_exit")
    loader.look_again()
    yield tmp_path
    loader.take_over(None)
    loader.admit(ADMIT_ALL)
    loader.look_again()


def standings(**told: str) -> dict[str, str]:
    """Return how plugins stand in a process that is told so."""
    admit_plugins(ServiceSettings.read(told))
    return {entry.name: entry.standing for entry in plugin_entries() if not entry.built_in}


@pytest.mark.parametrize(
    ("told", "fine", "bad"),
    [
        pytest.param({}, "served", "quarantined", id="nothing"),
        pytest.param(DATABASE, "not_admitted", "not_admitted", id="a database"),
        pytest.param({**DATABASE, "PLANGATE_PLUGINS": "*"}, "served", "quarantined", id="all"),
        pytest.param(
            {**DATABASE, "PLANGATE_PLUGINS": "dist-boot-fine"}, "served", "not_admitted", id="one"
        ),
        pytest.param({"PLANGATE_PLUGINS": "other"}, "not_admitted", "not_admitted", id="others"),
    ],
)
def test_a_database_makes_the_list_a_must(
    site: Path, told: dict[str, str], fine: str, bad: str
) -> None:
    """Where executions happen, what nobody named is not imported."""
    assert standings(**told) == {"boot_fine": fine, "bad_exit": bad}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PLANGATE_PLUGINS", "a>=1", "'a>=1' is no entry"),
        ("PLANGATE_PLUGIN_ISOLATION", "yes", "expected declared or process"),
        ("PLANGATE_PLUGIN_PROBE_S", "0", "PLANGATE_PLUGIN_PROBE_S"),
    ],
)
def test_a_setting_that_can_not_be_used_is_refused(name: str, value: str, said: str) -> None:
    """The process does not start."""
    with pytest.raises(SettingsError, match=said):
        admit_plugins(ServiceSettings.read({name: value}))


def test_a_quarantined_plugin_is_missed_by_nobody_else(site: Path) -> None:
    """Environments and effects of the others are there."""
    asyncio.run(find_plugins(ServiceSettings.read({})))

    environments = installed_environments()

    assert environments["boot_fine"].plugin_id == "boot_fine"
    assert "counter" in environments
    assert effect_owners()["mail.send"] == "effects"
    assert set(effect_owners()) == set(installed_effects())


def test_what_is_handed_to_a_process_is_served_there_without_a_probe(site: Path) -> None:
    """Only what is served is handed; the rest is not imported there at all."""
    handed = handed_plugins()
    install_module(site, "boot_fine", "import os; os._exit(1)")  # what a probe would find

    take_plugins(handed)

    reports = {entry.name: entry for entry in plugin_entries() if not entry.built_in}
    assert reports["boot_fine"].standing == "served"
    assert reports["bad_exit"].reason == "the process that started this one does not serve it"


def test_an_operator_sees_what_is_not_served(site: Path) -> None:
    """A figure for each standing, and a line of the log with the reason."""
    registry = CollectorRegistry()
    admit_plugins(ServiceSettings.read({}))

    with capture_logs() as logged:
        PluginFigures(registry).tell()

    def figure(standing: str) -> float | None:
        return registry.get_sample_value("plangate_plugins", {"standing": standing})

    assert (figure("quarantined"), figure("not_admitted")) == (1, 0)
    assert [(line["event"], line["plugin"]) for line in logged] == [
        ("plugin.quarantined", "bad_exit")
    ]
    assert "it called sys.exit(3) while it was imported" in logged[0]["reason"]
