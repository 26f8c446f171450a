"""Say which effects a plugin's actions may ask for: its own, and others' that it declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.action import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEffects:
    """Hold the names of the effects that a plugin's actions may ask for.

    Attributes:
        plugin: the plugin's id, for refusals.
        names: its own effects, and those of others that it declares.
    """

    plugin: str
    names: frozenset[str] = frozenset()

    def undeclared(self, action: Action) -> str | None:
        """Return the first effect that an action asks for and may not, or None."""
        for effect in action.side_effects:
            if effect.job not in self.names:
                return effect.job
        return None

    def remedy(self, name: str) -> str:
        """Say what makes an effect a declared one."""
        return f"its author adds effects=('{name}',) to the Capabilities of plugin '{self.plugin}'"


NO_EFFECTS: Final = DeclaredEffects(plugin="")
"""What holds of actions that no plugin declares."""
