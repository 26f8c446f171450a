"""Declarations that can't be used, and what is not declared."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class DeclarationError(DomainError):
    """A declaration can't be used; the message lists every problem found."""

    code = "declaration_invalid"

    def __init__(self, *, subject: str, problems: tuple[str, ...]) -> None:
        """Collect the problems of one subject, such as `action counter.set@1`."""
        self.subject = subject
        self.problems = problems
        super().__init__(f"{subject} is not usable: " + "; ".join(problems))


class UnknownActionError(DomainError):
    """An action id that is not in the registry."""

    code = "action_unknown"

    def __init__(self, *, action: str, known: tuple[str, ...]) -> None:
        """Name the id that was asked for and the closest that exist."""
        self.action = action
        self.known = known
        hint = f"; known: {', '.join(known[:8])}" if known else ""
        super().__init__(f"no action '{action}' in the registry{hint}")


class EnvironmentNotInstalledError(DomainError):
    """A project was asked for in an environment that no installed plugin declares."""

    code = "environment_not_installed"

    def __init__(self, *, environment: str, known: tuple[str, ...]) -> None:
        """Name the environment and those that there are."""
        self.environment = environment
        self.known = known
        super().__init__(
            f"no installed plugin declares the environment '{environment[:80]}'; "
            f"there are: {', '.join(known) or 'none'}"
        )


class PluginDisabledError(DomainError):
    """A model was to be asked in an environment whose plugin the organization turned off."""

    code = "plugin_disabled"

    def __init__(self, *, plugin: str) -> None:
        """Name the plugin."""
        self.plugin = plugin
        super().__init__(
            f"the organization turned the plugin '{plugin[:80]}' off; "
            "ask an owner of the organization to enable it"
        )


class RoleReservedError(DomainError):
    """A role of the platform was to be given as if it were one of an environment."""

    code = "role_reserved"

    def __init__(self, *, roles: tuple[str, ...]) -> None:
        """Name the roles."""
        self.roles = roles
        super().__init__(
            f"{', '.join(roles)}: roles of the platform are no extra roles; "
            "extra roles are those that actions of the environment name"
        )
