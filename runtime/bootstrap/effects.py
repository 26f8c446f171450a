"""Collect the side effects of the plugins that are served, once for the process."""

from __future__ import annotations

from runtime.plugins.loader import served_plugins
from runtime.ports.effect import Effects, effects_by_name


def installed_effects() -> Effects:
    """Return every side effect that a plugin which is served registers, by its name.

    Raises:
        DeclarationError: two register the same name, or one of the platform's is broken.
    """
    return effects_by_name(effect for plugin in served_plugins() for effect in plugin.effects)
