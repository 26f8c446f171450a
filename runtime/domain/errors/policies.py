"""An organization's own rules that can't be taken."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class PolicyRefusedError(DomainError):
    """Rules of an organization that don't compile, may not do what they do, or fail their tests."""

    code = "policy_refused"

    def __init__(self, *, scope: str, problems: tuple[str, ...]) -> None:
        """Say where they would hold, and everything that is wrong with them: one thing or more."""
        self.scope = scope
        self.problems = problems
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        super().__init__(
            f"the rules for '{scope[:80]}' can't be used: {problems[0][:500]}{more}; "
            "mend them, and try them by :check"
        )


class PolicyUncheckableError(DomainError):
    """Rules that could not be tried, or took more time or memory than they may."""

    code = "policy_uncheckable"

    def __init__(self, *, scope: str, fault: str, detail: str) -> None:
        """Say where they would hold, and what came of trying them."""
        self.scope = scope
        self.fault = fault
        super().__init__(
            f"the rules for '{scope[:80]}' could not be tried ({fault}): {detail[:500]}; "
            "nothing was changed"
        )


class PolicyMovedError(DomainError):
    """Rules that these were tried together with have changed meanwhile."""

    code = "policy_moved"

    def __init__(self, *, scope: str, moved: str) -> None:
        """Say where they would hold, and where others changed."""
        self.scope = scope
        self.moved = moved
        super().__init__(
            f"while the rules for '{scope[:80]}' were tried, those for '{moved[:80]}' changed; "
            "nothing was done: send the request again"
        )
