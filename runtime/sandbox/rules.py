"""State what decides about the steps of a sandbox besides the shipped table.

Without rules of an organization a sandbox asks the table, in this process and at once. With them
it asks an engine of Rego, which the bootstrap opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runtime.domain.policy import PolicyDecision
from runtime.domain.policy_input import PolicyInput


class StepRules(Protocol):
    """Decide about steps by the shipped rules and those of an organization and a project."""

    @property
    def revision(self) -> str:
        """Return the digest of all modules: equal revisions give equal answers."""
        ...

    def decide(self, questions: Sequence[PolicyInput]) -> tuple[PolicyDecision, ...]:
        """Return a decision about each question, in order.

        Raises:
            PolicyUncheckableError: what evaluates rules gave no answer in time.
        """
        ...
