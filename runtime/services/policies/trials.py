"""Try an organization's own rules before they hold: look at them, compile them, run their tests.

Trials take long and are done outside of any transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runtime.domain.errors import PolicyRefusedError, PolicyUncheckableError
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import placed_modules, project_of
from runtime.kit.rego_text import holds_tests
from runtime.ports.policy import PolicyCheck, PolicyChecker, PolicyFaultError

NO_TEST = (
    "there is no test; add a module whose package ends in _test, with a rule whose name begins "
    "with test_"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Try modules beside those that they would be asked with."""

    checker: PolicyChecker
    shipped: Callable[[], tuple[PolicyModule, ...]]

    async def tried(
        self,
        scope: str,
        modules: tuple[PolicyModule, ...],
        *,
        beside: tuple[PolicyModule, ...] = (),
    ) -> PolicyCheck:
        """Return what is wrong with modules, what came of their tests, and what those reached.

        Args:
            scope: where the modules would hold.
            modules: as they were uploaded.
            beside: those of the organization, for a project's: placed, without their tests.

        Raises:
            PolicyUncheckableError: they could not be tried, or took too long.
        """
        level = PolicyLevel.ORGANIZATION if project_of(scope) is None else PolicyLevel.PROJECT
        problems = await asyncio.to_thread(module_problems, modules, level=level)
        if problems:
            return PolicyCheck(problems=problems, covered_share=0.0)
        placed = placed_modules(scope, modules)
        checked = await self.checked(scope, (*beside, *placed))
        own = {module.path for module in placed}
        return PolicyCheck(
            problems=checked.problems,
            tests=checked.tests,
            uncovered=tuple(item for item in checked.uncovered if item[0] in own),
            covered_share=checked.covered_share,
        )

    async def checked(self, scope: str, placed: tuple[PolicyModule, ...]) -> PolicyCheck:
        """Compile modules with the shipped ones, and run the tests that are among them.

        Raises:
            PolicyUncheckableError: they could not be tried, or took too long.
        """
        try:
            return await self.checker.check((*self.shipped(), *placed))
        except PolicyFaultError as error:
            raise PolicyUncheckableError(
                scope=scope, fault=error.fault.value, detail=error.detail
            ) from error

    async def require_passed(
        self,
        scope: str,
        modules: tuple[PolicyModule, ...],
        *,
        beside: tuple[PolicyModule, ...] = (),
    ) -> PolicyCheck:
        """Return what came of a trial in which nothing was wrong.

        Raises:
            PolicyRefusedError: they don't compile, may not be, have no test, or one failed.
            PolicyUncheckableError: as `tried` does.
        """
        found = await self.tried(scope, modules, beside=beside)
        problems = problems_of(found)
        if problems:
            raise PolicyRefusedError(scope=scope, problems=problems)
        return found


def problems_of(check: PolicyCheck) -> tuple[str, ...]:
    """Return everything for which rules are refused."""
    if check.problems:
        return check.problems
    if not check.tests:
        return (NO_TEST,)
    return failures_of(check)


def failures_of(check: PolicyCheck) -> tuple[str, ...]:
    """Return what is wrong with rules that need no tests of their own."""
    return check.problems or tuple(
        f"{test.name} failed: {test.problem or 'it is not true'}"
        for test in check.tests
        if not test.passed
    )


def served(modules: Iterable[PolicyModule]) -> tuple[PolicyModule, ...]:
    """Return the modules that decide; tests don't."""
    return tuple(module for module in modules if not holds_tests(module.text))
