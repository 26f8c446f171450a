"""Compile the environments of the installed plugins, once for the process."""

from __future__ import annotations

from runtime.domain.errors import DeclarationError
from runtime.kit.json_pointer import parse as tokens
from runtime.kit.json_value import JsonObject
from runtime.plugins.loader import environment_names
from runtime.sandbox import Sandbox
from runtime.services.environments import Environments, InstalledEnvironment


def installed_environments() -> Environments:
    """Compile every environment that an installed plugin declares.

    Raises:
        DeclarationError: one can't be loaded or compiled.
    """
    found: dict[str, InstalledEnvironment] = {}
    for name in environment_names():
        sandbox = Sandbox.named(name)
        found[name] = InstalledEnvironment(
            id=name,
            title=sandbox.environment.title,
            description=sandbox.environment.description,
            plugin=f"{sandbox.plugin.id}@{sandbox.plugin.version}",
            compiled=sandbox.compiled,
            limits=sandbox.environment.limits,
            prompt=sandbox.comparability["prompt"],
            widgets=_widgets(sandbox),
        )
    if not found:
        raise DeclarationError(subject="plugins", problems=("none declares an environment",))
    return found


def _widgets(sandbox: Sandbox) -> tuple[JsonObject, ...]:
    """Return the widgets of a plugin that show a component of the environment."""
    known = sandbox.registry.components
    return tuple(
        widget.document()
        for widget in sandbox.plugin.widgets
        if tokens(widget.path)[:1] and tokens(widget.path)[0] in known
    )
