"""A trial says everything that is wrong with rules, once and in an order that one mends it in."""

from __future__ import annotations

import pytest

from runtime.ports.policy import PolicyCheck, PolicyTest
from runtime.services.policies.trials import NO_TEST, failures_of, problems_of, served
from tests.policies import some_modules

PASSED = PolicyTest(name="a_test.test_x", passed=True)
FAILED = PolicyTest(name="a_test.test_y", passed=False)
CRASHED = PolicyTest(name="a_test.test_z", passed=False, problem="division by zero")


@pytest.mark.parametrize(
    ("check", "problems"),
    [
        pytest.param(PolicyCheck(problems=(), tests=(PASSED,)), (), id="right"),
        pytest.param(PolicyCheck(problems=("a:1: x",), tests=(FAILED,)), ("a:1: x",), id="no Rego"),
        pytest.param(
            PolicyCheck(problems=(), tests=(FAILED, PASSED, CRASHED)),
            ("a_test.test_y failed: it is not true", "a_test.test_z failed: division by zero"),
            id="failed tests",
        ),
    ],
)
def test_what_does_not_compile_is_told_before_its_tests(
    check: PolicyCheck, problems: tuple[str, ...]
) -> None:
    """And each test that failed, with why if that is known."""
    assert problems_of(check) == failures_of(check) == problems


def test_rules_without_a_test_are_refused_where_they_need_one() -> None:
    """Those that hold already had theirs."""
    untested = PolicyCheck(problems=())

    assert problems_of(untested) == (NO_TEST,)
    assert failures_of(untested) == ()


def test_tests_are_not_served() -> None:
    """They decide nothing."""
    assert [module.path for module in served(some_modules())] == ["refunds.rego"]
