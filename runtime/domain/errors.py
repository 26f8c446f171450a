"""Name every expected failure that a caller must act on.

    DomainError
    ├── DeclarationError      a component, action, plugin or environment is declared wrongly
    ├── UnknownActionError    an action id that the registry does not hold
    ├── StateError            a state document that breaks its schema or its history
    ├── LeaseBusyError        somebody else held the lease for as long as the caller could wait
    ├── LeaseLostError        a lease that ended before its work did
    ├── LeaseUnavailableError no lease can be given or denied, so none is held
    └── ReplayError           diffs that do not rebuild the recorded state

Refusals and failed steps are not here: they are outcomes (`domain.outcome`).
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Base of all expected failures; `code` is stable across releases."""

    code: ClassVar[str] = "domain_error"


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


class LeaseBusyError(DomainError):
    """A lease that somebody else held for as long as the caller could wait."""

    code = "lease_busy"

    def __init__(self, *, key: str, holder: str | None, waited_s: float, position: int) -> None:
        """Name the key, who held it last (None if that is unknown), and the place in the queue."""
        self.key = key
        self.holder = holder
        self.waited_s = waited_s
        self.position = position
        super().__init__(
            f"lease on '{key}' is held by {holder or 'somebody else'} after {waited_s:.3f} s of "
            f"waiting at place {position} in the queue; try again later or wait longer"
        )


class LeaseLostError(DomainError):
    """A lease that ended before the work under it did."""

    code = "lease_lost"

    def __init__(self, *, key: str, owner: str) -> None:
        """Name the key and the tenure that is over."""
        self.key = key
        self.owner = owner
        super().__init__(
            f"lease on '{key}' is not held by {owner} any more; write nothing under it, acquire it "
            "again and start over"
        )


class LeaseUnavailableError(DomainError):
    """No answer about leases, which counts as a denial."""

    code = "lease_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the lease server answered, or why it did not."""
        self.reason = reason
        super().__init__(f"no lease can be had: {reason}; nothing was done, try again later")
