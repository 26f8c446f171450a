"""Settings of plugins: which distributions may be imported, and where their handlers run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runtime.settings.reading import SettingsError, seconds

PLUGINS: Final = "PLANGATE_PLUGINS"
PLUGIN_ISOLATION: Final = "PLANGATE_PLUGIN_ISOLATION"
PLUGIN_PROBE_S: Final = "PLANGATE_PLUGIN_PROBE_S"
_ISOLATES: Final = {"declared": False, "process": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """Say which plugins may be imported.

    Attributes:
        admitted: distributions by name, version and pin, from `PLANGATE_PLUGINS`; `*` is each that
            is installed. None: with a database the built-in ones only, else each.
        isolates: handlers of all but the built-in ones run in processes of their own, from
            `PLANGATE_PLUGIN_ISOLATION` (`declared` or `process`).
        probe_s: how long one may take to import, from `PLANGATE_PLUGIN_PROBE_S`.
    """

    admitted: str | None = None
    isolates: bool = False
    probe_s: float = 2.5


def read_plugins(told: Mapping[str, str]) -> PluginSettings:
    """Read the part of plugins.

    Raises:
        SettingsError: a variable can't be used.
    """
    isolation = told.get(PLUGIN_ISOLATION, "declared").lower()
    if isolation not in _ISOLATES:
        raise SettingsError(
            f"{PLUGIN_ISOLATION} is '{isolation[:20]}', expected declared or process"
        )
    return PluginSettings(
        admitted=told.get(PLUGINS),
        isolates=_ISOLATES[isolation],
        probe_s=seconds(told, PLUGIN_PROBE_S, least=0.5, most=60.0, usual=2.5),
    )
