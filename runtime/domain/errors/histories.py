"""States and histories that are not what they should be."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class StateError(DomainError):
    """A state document that no component declared or whose schema it breaks."""

    code = "state_invalid"

    def __init__(self, *, component: str, problem: str) -> None:
        """Name the component and what is wrong with its state."""
        self.component = component
        self.problem = problem
        super().__init__(f"state of component '{component}': {problem}")


class ReplayError(DomainError):
    """A recorded diff that does not lead to the recorded hash."""

    code = "replay_diverged"

    def __init__(self, *, version: int, expected: str, actual: str) -> None:
        """Name the first version that diverges and both hashes."""
        self.version = version
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"replay diverges at version {version}: recorded {expected}, rebuilt {actual}; "
            "the history was altered or written by another engine"
        )


class TamperedStateError(DomainError):
    """A stored state does not have the hash that was recorded for it."""

    code = "state_tampered"

    def __init__(self, *, version: int, expected: str, actual: str) -> None:
        """Name the version and both hashes."""
        self.version = version
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the state stored as version {version} hashes to {actual}, recorded is {expected}; "
            "it was altered outside of Plangate: nothing runs on it until it is restored"
        )


class VersionMismatchError(DomainError):
    """If-Match names another version of the state than the one that stands."""

    code = "version_mismatch"

    def __init__(self, *, expected: str, found: str) -> None:
        """Name both."""
        self.expected = expected
        self.found = found
        super().__init__(f"the state is {found}, you expected {expected}; read it and decide anew")
