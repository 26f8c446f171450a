"""Collect the side effects of the installed plugins, once for the process."""

from __future__ import annotations

from runtime.plugins.loader import load_plugin, plugin_names
from runtime.ports.effect import Effects, effects_by_name


def installed_effects() -> Effects:
    """Return every side effect that an installed plugin registers, by its name.

    Raises:
        DeclarationError: a plugin can't be loaded, or two register the same name.
    """
    return effects_by_name(
        effect for name in plugin_names() for effect in load_plugin(name).effects
    )
