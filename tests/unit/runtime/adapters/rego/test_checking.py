"""What is said of modules that are tried."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import pytest

from runtime.adapters.rego.checking import checked
from runtime.adapters.rego.rules import RuleReader
from runtime.domain.policy_unit import ENTRYPOINT
from runtime.kit.json_value import JsonObject
from runtime.policies import shipped_modules

OURS = "package tenant.organization\n"
TESTS = "package tenant.organization_test\nimport data.tenant.organization as ours\n"


def _report(*texts: str, entrypoint: str = ENTRYPOINT) -> JsonObject:
    shipped: Iterable[tuple[str, str]] = [
        (module.path, module.text) for module in shipped_modules()
    ]
    tenant = [(f"{at}.rego", text) for at, text in enumerate(texts)]
    report: JsonObject = orjson.loads(checked(entrypoint, [*shipped, *tenant], reader=RuleReader()))
    return report


def test_tests_are_run_and_told_apart() -> None:
    """One passes, one is not true, one is no boolean, one fails and says why."""
    report = _report(
        OURS + "amount := input.inputs.amount",
        TESTS
        + "test_a if ours.amount == 5 with input.inputs.amount as 5\n"
        + "test_b if ours.amount == 5\n"
        + "test_c := 7\n"
        + "test_d if 1 / 0 == 1\n",
    )

    assert report["problems"] == []
    assert [(test["name"][-6:], test["passed"]) for test in report["tests"]] == [
        ("test_a", True),
        ("test_b", False),
        ("test_c", False),
        ("test_d", False),
    ]
    assert [test["problem"] for test in report["tests"]] == [
        "",
        "",
        "",
        "1.rego:6: divide by zero",
    ]


def test_an_import_without_another_name_is_followed() -> None:
    """Its last word is its name."""
    report = _report(
        OURS + "amount := input.inputs.amount",
        "package tenant.organization_test\nimport data.tenant.organization\n"
        "test_a if organization.amount == 5 with input.inputs.amount as 5\n",
    )

    assert [(test["name"][-6:], test["passed"]) for test in report["tests"]] == [("test_a", True)]


def test_lines_that_no_test_reaches_are_listed() -> None:
    """Coverage is that of the tenant's own modules, without the tests themselves."""
    report = _report(
        OURS + "a := 1\nb := 2\n",
        OURS + "c := 3\n",
        TESTS + "test_a if data.tenant.organization.a == 1\n",
    )

    assert report["uncovered"] == [["0.rego", [3]], ["1.rego", [2]]]
    assert report["covered_share"] == pytest.approx(1 / 3)


def test_without_tests_no_line_is_reached() -> None:
    """What was evaluated to find problems is not counted."""
    report = _report(OURS + "a := 1\n")

    assert report["uncovered"] == [["0.rego", [2]]]
    assert report["covered_share"] == 0


def test_without_lines_everything_is_reached() -> None:
    """A module without a rule has nothing to reach."""
    report = orjson.loads(
        checked("data.a.p", [("a_test.rego", "package a_test\n")], reader=RuleReader())
    )

    assert report["covered_share"] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a := := 1", "0.rego:2: expecting expression", id="no Rego"),
        pytest.param("a := b", "0.rego:2: var b is unsafe", id="a name that is not there"),
        pytest.param("a := b(1)", "0.rego:2: could not find function b", id="no such function"),
        pytest.param("a(x) := a(x)", "0.rego:2: data.tenant.organization.a needs", id="a loop"),
    ],
)
def test_what_is_wrong_whatever_the_input_is_is_told(text: str, problem: str) -> None:
    """Such modules are not tested at all, so tests that could not end don't begin."""
    report = _report(OURS + text, TESTS + "test_a if true")

    assert report["problems"][0].startswith(problem)
    assert report["tests"] == []


def test_what_fails_for_want_of_an_input_is_no_problem() -> None:
    """A rule may fail where its author's tests never lead it."""
    assert _report(OURS + "a := 1 / count(input)")["problems"] == []


def test_a_module_that_hangs_deeply_is_told() -> None:
    """A text whose syntax tree is too deep to be looked at is a problem, not an accident."""
    text = "a := " + "\n+ ".join(["1"] * 600)

    (problem,) = _report(OURS + text)["problems"]

    assert "deep" in problem


def test_problems_are_told_up_to_a_number() -> None:
    """Nobody reads hundreds."""
    report = _report(*[f"package tenant.organization\na := := {at}" for at in range(30)])

    assert len(report["problems"]) == 20
