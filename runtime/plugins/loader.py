"""Find plugins by entry points and hand out the environments that they declare.

Metadata is read without importing anything; a plugin's module is imported when one of its
environments is asked for.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from runtime.domain.errors import DeclarationError
from runtime.plugins.contract import CONTRACT_VERSION, Environment, Plugin

GROUP = "plangate.plugins"


def plugin_names() -> tuple[str, ...]:
    """Return the names under which installed distributions offer plugins."""
    return tuple(sorted(_entry_points()))


def load_plugin(name: str) -> Plugin:
    """Import one plugin and check the contract that it was written against.

    Raises:
        DeclarationError: no such plugin, one that can't be imported, an object that is no plugin,
            or another contract.
    """
    found = _entry_points().get(name)
    if found is None:
        known = ", ".join(plugin_names()) or "none"
        raise DeclarationError(
            subject=f"plugin '{name}'", problems=(f"it is not installed; installed: {known}",)
        )
    plugin = _imported(found)
    if not isinstance(plugin, Plugin):
        problem = (
            f"{found.value} is a {type(plugin).__name__}, expected runtime.plugins.contract.Plugin"
        )
        raise DeclarationError(subject=f"plugin '{name}'", problems=(problem,))
    if plugin.contract != CONTRACT_VERSION:
        problem = f"it was written for contract {plugin.contract}; this is {CONTRACT_VERSION}"
        raise DeclarationError(subject=f"plugin '{name}'", problems=(problem,))
    return plugin


def environment_names() -> tuple[str, ...]:
    """Return the environments that installed plugins declare.

    Raises:
        DeclarationError: a plugin can't be loaded.
    """
    plugins = (load_plugin(name) for name in plugin_names())
    return tuple(sorted(item.id for plugin in plugins for item in plugin.environments))


def find_environment(environment_id: str) -> tuple[Plugin, Environment]:
    """Find the plugin that declares an environment, trying the plugin of that name first.

    Raises:
        DeclarationError: no installed plugin declares it.
    """
    names = plugin_names()
    for name in sorted(names, key=lambda item: item != environment_id):
        plugin = load_plugin(name)
        for environment in plugin.environments:
            if environment.id == environment_id:
                return plugin, environment
    problem = f"no installed plugin declares it; plugins: {', '.join(names) or 'none'}"
    raise DeclarationError(subject=f"environment '{environment_id}'", problems=(problem,))


def _imported(found: EntryPoint) -> object:
    try:
        return found.load()
    except Exception as error:  # foreign code, imported here for the first time
        problem = f"{found.value} can't be imported: {type(error).__name__}: {error}"
        raise DeclarationError(subject=f"plugin '{found.name}'", problems=(problem,)) from error


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {item.name: item for item in entry_points(group=GROUP)}
