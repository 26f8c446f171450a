"""Ask an engine of Rego what rules say; whatever goes wrong is told by a code, and denies.

Two implement it: an OPA server, and an engine that is embedded. They answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from runtime.domain.policy_unit import PolicyModule, PolicyUnit
from runtime.kit.json_value import JsonObject, JsonValue


class PolicyFault(StrEnum):
    """Say why there is no answer to act on; each denies, with a reason code of its own."""

    DOWN = "policy_down"
    SLOW = "policy_slow"
    UNDEFINED = "policy_undefined"
    MALFORMED = "policy_malformed"
    FAILED = "policy_failed"
    STALE = "policy_stale"
    ROLLED_BACK = "policy_rolled_back"
    NOT_LOADED = "policy_not_loaded"


class PolicyFaultError(Exception):
    """Report that rules gave no answer."""

    def __init__(self, fault: PolicyFault, detail: str) -> None:
        """Say what happened, without anything that the input held."""
        self.fault = fault
        self.detail = detail
        super().__init__(f"{fault.value}: {detail}")


class PolicyEvaluator(Protocol):
    """Evaluate `ENTRYPOINT` of a unit; safe to share between tasks of one event loop."""

    remembers: bool
    """Whether equal inputs get equal answers of a unit for ever, so that answers may be kept."""

    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Return what the rules say of each input, in order, in one round trip.

        An input on which they say nothing, or fail, gets its own fault; answers are as they came,
        nobody has looked at them.

        Raises:
            PolicyFaultError: nothing was answered at all.
        """
        ...

    async def ready(self) -> None:
        """Return if questions would be answered now.

        Raises:
            PolicyFaultError: they would not.
        """
        ...

    async def close(self) -> None:
        """End what was started."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """Say what came of one `test_` rule.

    Attributes:
        name: the rule with its package, such as `tenant.organization_test.test_refund`.
        passed: whether it was true.
        problem: why not, where it failed rather than was not true.
    """

    name: str
    passed: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """Say whether modules can be used.

    Attributes:
        problems: why they don't compile, each with its file and line; none if they do.
        tests: what came of their own tests.
        uncovered: by path, lines that no test reached.
        covered_share: the share of lines that tests reached, 0 to 1.
    """

    problems: tuple[str, ...]
    tests: tuple[PolicyTest, ...] = ()
    uncovered: tuple[tuple[str, tuple[int, ...]], ...] = ()
    covered_share: float = 1.0


class PolicyChecker(Protocol):
    """Compile modules and run their tests, where nothing else can be harmed by them."""

    async def check(self, modules: Sequence[PolicyModule]) -> PolicyCheck:
        """Compile and test modules; what they do wrong is in the answer.

        Raises:
            PolicyFaultError: it could not be tried, or took more time or memory than it may.
        """
        ...
