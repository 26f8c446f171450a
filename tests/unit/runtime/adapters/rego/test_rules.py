"""Rules as syntax trees show them: what they need, and which need themselves."""

from __future__ import annotations

import orjson
import pytest
from regorus import Engine

from runtime.adapters.rego.rules import Rule, RuleReader, problems_of
from runtime.policies import shipped_modules

OURS = "package tenant.organization\n"


def _rules(*texts: str) -> list[Rule]:
    engine = Engine()
    for at, text in enumerate(texts):
        engine.add_policy(f"{at}.rego", text)
    return RuleReader().rules_of(orjson.loads(engine.get_ast_as_json()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("f(x) := f(x + 1)", id="a function by itself"),
        pytest.param("f(x) := y if { y := [z | z := f(x)] }", id="inside a comprehension"),
        pytest.param("f(x) := g(x)\ng(x) := f(x)", id="two functions by each other"),
        pytest.param("default f(_) := 3\nf(x) := f(1) if x == 2", id="a function with a default"),
        pytest.param("f(x) := data.tenant.organization.f(x)", id="by its full name"),
        pytest.param('f(x) := data.tenant["organization"].f(x)', id="by its quoted name"),
        pytest.param("import data.tenant.organization as o\nf(x) := o.f(x)", id="by an alias"),
        pytest.param("p contains x if { some x in p }", id="a set by itself"),
        pytest.param("p[x] := 1 if { some x, _ in q }\nq := p", id="an object by another rule"),
        pytest.param("p := 1 if not q\nq := 1 if not p", id="by what is not"),
        pytest.param("p := count(data.tenant)", id="by all that is there"),
        pytest.param("p := x if { x := data.tenant[name]; name := 1 }", id="by a computed name"),
        pytest.param("p := 1 if { every x in [1] { x == p } }", id="inside every"),
        pytest.param("p := 1 if input.x else := q\nq := p", id="in an else"),
        pytest.param("p[f(1)] := 1\nf(x) := p", id="in the name of a member"),
        pytest.param('p := {"a": q}\nq := [p]', id="in values"),
    ],
)
def test_what_needs_itself_is_found(text: str) -> None:
    """A rule that can't be answered without its own answer is told with its file and line."""
    problems = problems_of(_rules(OURS + text))

    assert problems
    assert all("needs itself" in problem and problem.startswith("0.rego:") for problem in problems)


def test_a_loop_through_ours_is_found() -> None:
    """Rules that ask for the decision that asks for them are told, across modules."""
    rules = _rules(
        OURS + "import data.plangate as ours\ndeny contains x if { some x in ours.denials }",
        *[module.text for module in shipped_modules()],
    )

    assert "0.rego:3: data.tenant.organization.deny needs itself" in problems_of(rules)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("f(x) := g(x)\ng(x) := x", id="one function by another"),
        pytest.param("p := x if { some p in [1]; x := p }", id="a local of the same name"),
        pytest.param("f(f) := f", id="an argument of the same name"),
        pytest.param("p := 1 if { every p in [1] { p > 0 } }", id="every with the same name"),
        pytest.param("p := [p | some p; p = 1]", id="some with the same name"),
        pytest.param("p := q if { [p, q] := [1, 2] }", id="an assignment of the same name"),
        pytest.param("p := input.p", id="a member of the same name"),
        pytest.param("p := {1: 2}[1]\nq := p.p", id="a member of its answer"),
        pytest.param('import input.p\nq := p["p"]', id="an import of the input"),
        pytest.param("p.a := 1\np.b := 2", id="two members of one name"),
        pytest.param("p := regex.match(`p`, `p`)", id="texts"),
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    """A name that a rule gives to something of its own is not the rule."""
    assert problems_of(_rules(OURS + text)) == []


def test_the_shipped_rules_have_no_problem() -> None:
    """What we ship passes."""
    assert problems_of(_rules(*[module.text for module in shipped_modules()])) == []


def test_a_call_of_what_is_not_there_is_told() -> None:
    """The engine would notice when it gets there; the text tells at once."""
    problems = problems_of(_rules(OURS + "p := data.tenant.organization.lib.f(1)"))

    assert problems == [
        "0.rego:2: calls data.tenant.organization.lib.f, which no module has",
    ]


def test_a_rule_knows_where_it_stands() -> None:
    """Its file, line, package, name and what it needs are read from the text."""
    (rule,) = _rules(OURS + "\np.q[x] := data.plangate.roles if { some x in [1] }")

    assert rule == Rule(
        file="0.rego",
        line=3,
        package=("tenant", "organization"),
        name=("p", "q"),
        is_function=False,
        needs=frozenset({("plangate", "roles")}),
        calls=frozenset(),
    )
    assert rule.dotted == "data.tenant.organization.p.q"
    assert not rule.asked_alone


def test_tests_are_told_from_other_rules() -> None:
    """A test is a rule `test_...` without arguments, in a package `..._test`."""
    rules = _rules("package a.b_test\ntest_x if true\nx := 1\ntest_f(x) := x\ntest_o.p := 1")

    assert [rule.dotted for rule in rules if rule.is_test] == ["data.a.b_test.test_x"]
    assert not any(rule.is_test for rule in _rules("package a.b\ntest_x if true"))


def test_a_module_that_comes_again_is_read_as_it_stands_now() -> None:
    """What its names lead to depends on the other modules of its package."""
    reader = RuleReader()

    def needs(*texts: str) -> frozenset[tuple[str, ...]]:
        engine = Engine()
        for at, text in enumerate(texts):
            engine.add_policy(f"{at}.rego", text)
        return reader.rules_of(orjson.loads(engine.get_ast_as_json()))[0].needs

    alone = needs(f"{OURS}p := input.q")
    beside = [needs(f"{OURS}p := q", f"{OURS}q := {number}") for number in (1, 2)]

    assert alone == frozenset()
    assert beside == [frozenset({("tenant", "organization", "q")})] * 2
    assert needs(f"{OURS}p := input.q") == alone


def test_only_so_many_modules_are_remembered() -> None:
    """The one that was read least lately is forgotten, and read again."""
    reader = RuleReader(kept=2)
    engine = Engine()
    for at in range(3):
        engine.add_policy(f"{at}.rego", f"package tenant.organization.p{at}\na := {at}\n")
    trees = orjson.loads(engine.get_ast_as_json())

    first = reader.rules_of(trees)

    assert len(reader._read) == 2  # noqa: SLF001  # what is kept is the point
    assert reader.rules_of(trees) == first
