"""Find the golden scenarios that a plugin brings, where its package is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from runtime.domain.errors import DeclarationError
from runtime.plugins.contract import Plugin


def scenario_folders(plugin: Plugin) -> tuple[Path, ...]:
    """Return the folders of scenarios that a plugin declares, for `plangate eval run`.

    Raises:
        DeclarationError: one is not there; it may be a wheel that left it out.
    """
    return tuple(_folder(plugin, declared) for declared in plugin.scenarios)


def _folder(plugin: Plugin, declared: str) -> Path:
    package, _, inside = declared.partition(":")
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    for place in () if spec is None else spec.submodule_search_locations or ():
        if (folder := Path(place) / inside).is_dir():
            return folder
    raise DeclarationError(
        subject=f"plugin '{plugin.id}'",
        problems=(f"its scenarios '{declared}' are no folder of an installed package",),
    )
