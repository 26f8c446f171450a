"""What may stand in one module of a tenant, and what may not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runtime.domain.policy_modules import module_problems
from runtime.domain.policy_text import DEEPEST, PolicyLevel, read_module
from tests.policy_units import ORGANIZATION, PROJECT, a_module

LEVEL = PolicyLevel.ORGANIZATION
TESTS = "package tenant.organization_test\n"


def _problems(text: str, level: PolicyLevel = LEVEL) -> Sequence[str]:
    return module_problems([a_module(text, "a.rego")], level=level)


GOOD = """
import rego.v1
import data.tenant.organization.lib
import data.plangate as shipped
import input.inputs as asked

deny contains {"message": sprintf("at most %v", [limit]), "remedy": "take less"} if {
\tamount := asked.amount
\tnot (amount <= limit)
\tevery item in asked.items { lower(item.name) in {"a", "b"} }
\tcount([1 | some item in asked.items; lib.odd(item)]) > 1
\tregex.match(`^[a-z]+$`, asked.note)
\tnot small(amount)
\tobject.get(input.principal.claims, ["limits", "daily"], set()) != shipped.roles
}

default limit := 10

limit := input.principal.claims.limit if is_number(input.principal.claims.limit)

default small(_) := false

small(amount) if {
\tamount < 3
} else := false if {
\tamount > 5
}

obligations contains {"kind": "confirm"} if input["time"].hour in numbers.range(0, 6)
roles contains role if {
\tsome group in input.principal.claims.groups
\trole := {"ops": "operator"}[group]
}
"""


def test_ordinary_rules_are_let_through() -> None:
    """What a policy needs is allowed: functions, defaults, imports, comprehensions, else."""
    assert _problems(ORGANIZATION + GOOD) == ()


def test_a_module_knows_whether_it_holds_tests() -> None:
    """The last part of its package tells."""
    assert read_module(a_module(TESTS)).is_test
    assert not read_module(a_module(ORGANIZATION)).is_test


@pytest.mark.parametrize(
    ("level", "package"),
    [
        (PolicyLevel.ORGANIZATION, "tenant.organization"),
        (PolicyLevel.ORGANIZATION, "tenant.organization.refunds.limits"),
        (PolicyLevel.ORGANIZATION, "tenant.organization_test"),
        (PolicyLevel.ORGANIZATION, "tenant.organization.refunds_test"),
        (PolicyLevel.PROJECT, "tenant.project"),
        (PolicyLevel.PROJECT, 'tenant["project"].refunds'),
        (PolicyLevel.PROJECT, "tenant.project_test"),
    ],
)
def test_a_package_at_or_below_its_own_level_is_allowed(level: PolicyLevel, package: str) -> None:
    """Where modules are uploaded says what they may be."""
    assert _problems(f"package {package}\n", level) == ()


@pytest.mark.parametrize(
    ("level", "package"),
    [
        (PolicyLevel.ORGANIZATION, "plangate"),
        (PolicyLevel.ORGANIZATION, "plangate.decision"),
        (PolicyLevel.ORGANIZATION, "tenant"),
        (PolicyLevel.ORGANIZATION, "tenant.project"),
        (PolicyLevel.ORGANIZATION, "tenant.organizations"),
        (PolicyLevel.ORGANIZATION, "tenant.project_test"),
        (PolicyLevel.ORGANIZATION, "organization"),
        (PolicyLevel.ORGANIZATION, "system"),
        (PolicyLevel.PROJECT, "tenant.organization"),
        (PolicyLevel.PROJECT, "tenant.organization_test"),
    ],
)
def test_any_other_package_is_refused(level: PolicyLevel, package: str) -> None:
    """Nobody shadows our rules, nor those of another level."""
    (problem,) = _problems(f"package {package}\n", level)

    assert problem.startswith(f"a.rego:1: package {package}, expected tenant.{level.value}")


@pytest.mark.parametrize("name", ["deny", "obligations", "roles"])
def test_a_package_may_not_stand_where_a_rule_is_asked_for(name: str) -> None:
    """It would turn the rule into an object of rules."""
    assert "stands where" in _problems(f"package tenant.organization.{name}\n")[0]
    assert "stands where" in _problems(f"package tenant.organization.{name}.more\n")[0]


@pytest.mark.parametrize(
    "text",
    [
        "x := data",
        "x := data[y]",
        "x := data[`tenant`]",
        "x := data.tenant",
        "x := data.tenant[y]",
        "x := data.tenant[y].organization",
        "x := data.other",
        "x := data.tenant.organizations.y",
        "x := data.system.bundles",
        "import data",
        "import data.tenant",
        "import data.other as o",
        "x := {y | y := data . tenant\n.other}",
        "x := count(data)",
        "x if walk(data, [_, 1])",
        "x := data.tenant.other_test.y",
    ],
)
def test_data_of_others_is_refused(text: str) -> None:
    """Written out, quoted, computed, imported: only the own packages and ours can be named."""
    assert "a.rego:2: refers to data" in "".join(_problems(ORGANIZATION + text)[:1])


@pytest.mark.parametrize(
    "text",
    [
        "x := data.plangate.roles",
        "x := data.tenant.organization.y",
        "x := data.tenant.organization[y]",
        'x := data["tenant"]["organization"].y',
    ],
)
def test_the_own_data_and_ours_is_allowed(text: str) -> None:
    """A project sees its organization's too."""
    assert _problems(ORGANIZATION + text) == ()
    assert _problems(PROJECT + text, PolicyLevel.PROJECT) == ()


def test_an_organization_does_not_see_its_projects() -> None:
    """The reverse of what a project sees."""
    text = "x := data.tenant.project.y"

    assert _problems(PROJECT + text, PolicyLevel.PROJECT) == ()
    (problem,) = _problems(ORGANIZATION + text)
    assert problem.startswith("a.rego:2: refers to data.tenant.project.y, expected data.plangate")


@pytest.mark.parametrize(
    "text",
    [
        "x := http.send({})",
        "x := http . send ({})",
        "x := http\n.send({})",
        'x := http["send"]({})',
        "x := http[`send`]({})",
        "x := http[y]({})",
        "x := a[b].send({})",
        "x := f(1).send({})",
        "x := opa.runtime()",
        "x := time.now_ns()",
        "x := rand.intn(`a`, 2)",
        'x := io.jwt.decode("")',
        "x := print(1)",
        "x if trace(`a`)",
        "x := unknown(1)",
        'x := to_number(" 1")',
        "x := crypto.sha256(`a`)",
        "lib.f(x) := x",
    ],
)
def test_a_call_that_is_not_on_the_list_is_refused(text: str) -> None:
    """However its name is spelled; a name that is computed at once."""
    assert "calls " in _problems(ORGANIZATION + text)[0]


@pytest.mark.parametrize(
    "text",
    ["import data.tenant.organization.http\nx := http.send({})", "import input.inputs.opa"],
)
def test_an_import_may_not_take_the_name_of_a_function(text: str) -> None:
    """A call by an alias is a call of a tenant's own function, and must not become another."""
    assert "which has a meaning already" in _problems(ORGANIZATION + text)[0]


@pytest.mark.parametrize("alias", ["data", "input", "http", "count", "print"])
def test_an_alias_may_not_either(alias: str) -> None:
    """What stands behind `as` is a name like any other."""
    problems = _problems(f"{ORGANIZATION}import data.tenant.organization.lib as {alias}")

    assert any("which has a meaning already" in problem for problem in problems)


@pytest.mark.parametrize("text", ["import future.keywords", "import rego.v2", "import lib.other"])
def test_other_imports_are_refused(text: str) -> None:
    """Only Rego v1, data and the input can be imported."""
    assert "expected rego.v1, data or input" in _problems(ORGANIZATION + text)[0]


@pytest.mark.parametrize("name", ["count", "print", "to_number", "http"])
def test_a_function_may_not_hide_the_engines_own(name: str) -> None:
    """`print(x) := 1` would make any call of it look like a call of ours."""
    problems = _problems(f"{ORGANIZATION}{name}(x) := x\ny := {name}(1)")

    assert problems == () if name == "http" else "is the engine's own" in problems[0]


@pytest.mark.parametrize("name", ["deny", "obligations", "roles"])
def test_what_is_asked_for_may_not_be_a_function(name: str) -> None:
    """The shipped rules would find nothing there, and nothing denies."""
    assert _problems(f"{ORGANIZATION}{name}(x) := x") == (
        f"a.rego:2: defines {name} as a function, expected a set",
    )


@pytest.mark.parametrize(
    "text",
    ["some input in [1]", "input := 1", "data := 1", "every data in [1] { true }", "some data"],
)
def test_input_and_data_keep_their_meaning(text: str) -> None:
    """A local of that name would not be what a reader takes it for."""
    problems = _problems(f"{ORGANIZATION}x if {{ {text} }}")

    assert any("gives another meaning" in problem for problem in problems)


def test_a_member_that_no_question_has_is_refused() -> None:
    """A misspelled one would be silent for ever, and what is silent does not deny."""
    (problem,) = _problems(f"{ORGANIZATION}x := input.input.amount")
    assert problem.startswith("a.rego:2: reads input.input.amount; input has action, inputs, plan")


@pytest.mark.parametrize("member", [r'"am\u006funt"', r'"a\"b"', r'"a\\b"'])
def test_a_member_is_named_without_escapes(member: str) -> None:
    """One engine would not find it, and a rule that finds nothing does not deny."""
    for text in (f"x := input.inputs[{member}]", f"x := f(1)[{member}]\nf(y) := y"):
        assert _problems(ORGANIZATION + text) == (
            f"a.rego:2: names a member {member}; write it without escapes",
        )
    for text in (f"x := [{member}]", 'x := input.inputs["é ü"]', r"x := input.inputs[`a\b`]"):
        assert _problems(ORGANIZATION + text) == ()


def test_with_is_for_tests() -> None:
    """What is served sees what it is given; tests may replace the input and a tenant's data."""
    text = "x if data.tenant.organization.y with input as {} with data.tenant.project as {}"

    assert "uses with, which is for tests" in _problems(ORGANIZATION + text)[0]
    tested = (
        "x if data.tenant.organization.y with input.time as {} with data.tenant.organization.z as 1"
    )
    assert _problems(TESTS + tested) == ()


@pytest.mark.parametrize("target", ["data.plangate.roles", "http.send", "count", "data"])
def test_tests_replace_no_function_and_no_rule_of_ours(target: str) -> None:
    """A test that passes says something of what is served."""
    problems = _problems(f"{TESTS}x if data.tenant.organization.y with {target} as 1")

    assert f"a.rego:2: replaces {target}, expected input or data.tenant" in problems


def test_tests_see_their_own_package() -> None:
    """Tests share values between modules."""
    assert _problems(TESTS + "x := data.tenant.organization_test.given") == ()


@pytest.mark.parametrize(
    "call",
    [
        "regex.match(pattern, input.time.date)",
        r"regex.match(`^\d+$`, input.time.date)",
        'regex.match("^\\\\d+$", input.time.date)',
        'regex.match(concat("", ["a"]), input.time.date)',
        'regex.match("a" | "b", input.time.date)',
        "regex.match(",
        "regex.match",
    ],
)
def test_a_pattern_is_written_out_and_means_the_same_everywhere(call: str) -> None:
    """A computed one can't be looked at."""
    problems = _problems(f"{ORGANIZATION}x := {call}")

    assert problems == () if call == "regex.match" else "calls regex.match with" in problems[0]


@pytest.mark.parametrize(("opening", "closing"), ["[]", "{}", "()"])
def test_brackets_are_counted(opening: str, closing: str) -> None:
    """The embedded engine needs twice the time for each level: a thousand would be for ever."""

    def nested(depth: int) -> str:
        return f"{ORGANIZATION}x := {opening * depth}{closing * depth}"

    assert _problems(nested(DEEPEST)) == ()
    for depth in (DEEPEST + 1, 1_000):
        assert _problems(nested(depth)) == (
            f"a.rego:2: more than {DEEPEST} brackets inside each other",
        )


def test_brackets_in_texts_are_not_counted() -> None:
    """Only those of the language are."""
    assert _problems(f'{ORGANIZATION}x := "{"[" * 50}"\n# {"[" * 50}') == ()


def test_a_call_of_a_function_is_not_taken_for_its_definition() -> None:
    """A name that is called in a body, or goes on from the line before, defines nothing."""
    for text in (
        "x if {\n\tunknown(1)\n}",
        "x :=\nunknown(1)",
        "x if\nunknown(1)",
        "x := 1 +\nunknown(1)",
        "x := [\nunknown(1)]",
        "x contains\nunknown(1)",
    ):
        assert _problems(ORGANIZATION + text) == (
            f"a.rego:{3}: calls unknown, which policies may not",
        )
