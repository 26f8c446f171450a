"""Settings of plugins are read, or refused by name."""

from __future__ import annotations

import pytest

from runtime.settings import SettingsError
from runtime.settings.plugins import PluginSettings, read_plugins


def test_nothing_said_is_the_usual() -> None:
    """Whether that admits anything depends on the database."""
    assert read_plugins({}) == PluginSettings(admitted=None, isolates=False, probe_s=2.5)


def test_what_is_said_is_read() -> None:
    """The list stays a text here; who imports reads it."""
    found = read_plugins(
        {
            "PLANGATE_PLUGINS": "zoo==1",
            "PLANGATE_PLUGIN_ISOLATION": "Process",
            "PLANGATE_PLUGIN_PROBE_S": "7",
        }
    )

    assert found == PluginSettings(admitted="zoo==1", isolates=True, probe_s=7.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PLANGATE_PLUGIN_ISOLATION", "none"), ("PLANGATE_PLUGIN_PROBE_S", "61")],
)
def test_what_can_not_be_used_is_refused(name: str, value: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingsError, match=name):
        read_plugins({name: value})
