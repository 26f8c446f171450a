"""Anything but boolean true refuses, and what can't be judged is refused at compile time."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.engine.conditions import KEPT_NARROWINGS, ConditionSet
from runtime.kit.json_value import JsonObject

NAMES: Final = frozenset({"state", "inputs"})
STATE: Final[JsonObject] = {
    "a": {"n": 4, "text": "state", "list": [1, 2], "nothing": None},
    "b": {"n": 0},
}


def rules(*texts: str) -> ConditionSet:
    """Compile rules over `state` and `inputs`."""
    conditions = [Condition(rule=text, message=f"holds: {text}") for text in texts]
    return ConditionSet.of(conditions, subject="test", names=NAMES)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("true", id="true itself"),
        pytest.param("state.a.n == 4", id="a comparison"),
        pytest.param("inputs.x > state.b.n", id="state and inputs"),
        pytest.param("state.a.list.all(item, item > 0)", id="a comprehension"),
        pytest.param("state.a.list.exists_one(item, item == 2)", id="exactly one"),
        pytest.param("state.a.list.map(item, item * 2).filter(item, item > 2) == [4]", id="map"),
        pytest.param("!has(inputs.absent) || inputs.absent", id="an absent input, guarded"),
        pytest.param("state.a.text == 'state'", id="the word state in a string"),
        pytest.param("size(state) == 2", id="the state as a whole"),
        pytest.param("state['b'].n == 0", id="a component by index"),
        pytest.param("1 in state.a.list && double(state.a.n) / 8.0 == 0.5", id="conversion"),
        pytest.param("state.a.text.matches('^st') && type(1) == type(2)", id="functions"),
    ],
)
def test_a_rule_that_is_true_holds(rule: str) -> None:
    """Rules may use state, inputs, bound names and the functions of CEL."""
    assert rules(rule).first_broken(STATE, {"x": 1}) is None


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        pytest.param("false", None, id="false"),
        pytest.param("state.a.n > 4", None, id="a comparison that fails"),
        pytest.param("1", "the rule gave int", id="one"),
        pytest.param("'true'", "the rule gave str", id="the text true"),
        pytest.param("null", "the rule gave NoneType", id="null"),
        pytest.param("state.a.nothing", "the rule gave NoneType", id="a null member"),
        pytest.param("state.a.list", "the rule gave list", id="a list"),
        pytest.param("state.a.missing == 1", "KeyError", id="a missing member"),
        pytest.param("state.missing.n == 1", "KeyError", id="a missing component"),
        pytest.param("inputs.y == 1", "KeyError", id="a missing input"),
        pytest.param("state.a.list[7] == 1", "IndexError", id="beyond a list"),
        pytest.param("1 / state.b.n == 1", "ZeroDivisionError", id="division by zero"),
        pytest.param("state.a.n * 9223372036854775807 > 0", "OverflowError", id="overflow"),
        pytest.param("state.a.text + 1 == 'state1'", "TypeError", id="text plus number"),
        pytest.param("state.a.text && true", "Error", id="text as boolean"),
        pytest.param("state.a.text.matches('(')", "RuntimeError", id="a broken pattern"),
        pytest.param("[1].all(x, x > 0) && x > 0", "RuntimeError", id="a bound name outside"),
    ],
)
def test_a_rule_that_is_not_exactly_true_refuses(rule: str, error: str | None) -> None:
    """A no refuses without a fault; everything else refuses with one."""
    broken = rules(rule).first_broken(STATE, {"x": 1})

    assert broken is not None
    assert broken.condition.message == f"holds: {rule}"
    assert (broken.error is None) is (error is None)
    assert error is None or error in str(broken.error)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        pytest.param("state.a.n >", "does not parse", id="half a rule"),
        pytest.param("(" * 3000 + "1" + ")" * 3000, "does not parse", id="too deep"),
        pytest.param("stat.a.n == 1", "unknown name 'stat'", id="a misspelt root"),
        pytest.param("principal.id == 'ann'", "unknown name 'principal'", id="another root"),
        pytest.param("sum(state.a.list) == 3", "unknown function 'sum'", id="another function"),
        pytest.param("max(1, 2) == 2", "unknown function 'max'", id="not in this evaluator"),
        pytest.param("_hidden(1)", "unknown function '_hidden'", id="an underscore"),
    ],
)
def test_a_rule_that_can_not_be_judged_is_refused_when_compiled(rule: str, problem: str) -> None:
    """A misspelt rule is found when it is declared, not when it first runs."""
    with pytest.raises(DeclarationError) as caught:
        rules(rule)

    assert caught.value.subject == "test"
    assert problem in caught.value.problems[0]


@pytest.mark.parametrize(
    "call",
    [
        "size('a')",
        "'a'.contains('a')",
        "'a'.startsWith('a')",
        "'a'.endsWith('a')",
        "'a'.matches('a')",
        "int('1')",
        "uint('1')",
        "double('1')",
        "string(1)",
        "bytes('a')",
        "type(1)",
        "dyn(1)",
        "duration('1h')",
        *(
            f"timestamp('2026-01-05T00:00:00Z').get{part}()"
            for part in (
                "FullYear",
                "Month",
                "Date",
                "DayOfMonth",
                "DayOfWeek",
                "DayOfYear",
                "Hours",
                "Minutes",
                "Seconds",
                "Milliseconds",
            )
        ),
    ],
)
def test_every_function_that_may_be_used_exists(call: str) -> None:
    """What passes the compiler also runs."""
    assert rules(f"{call} == {call}").first_broken({}) is None


def test_without_inputs_a_rule_may_not_name_them() -> None:
    """An invariant knows the state alone."""
    rule = Condition(rule="inputs.x == 1", message="x is one")

    with pytest.raises(DeclarationError, match="unknown name 'inputs'"):
        ConditionSet.of([rule], subject="component a", names=frozenset({"state"}))


def test_the_first_broken_rule_speaks() -> None:
    """Rules are judged in the order in which they are declared."""
    broken = rules("true", "state.a.n == 5", "1 / 0 == 1").first_broken(STATE)

    assert broken is not None
    assert broken.condition.rule == "state.a.n == 5"


def test_no_rules_hold() -> None:
    """An action without preconditions has none to break."""
    assert rules().first_broken({}) is None


@pytest.mark.parametrize(
    ("rule", "reads"),
    [
        pytest.param("state.a.n > state.b.n", {("a", "n"), ("b", "n")}, id="two members"),
        pytest.param("state.a.list[0] == state.a.n", {("a", "list"), ("a", "n")}, id="below"),
        pytest.param("size(state.a) == 4", {("a", "")}, id="a whole component"),
        pytest.param("state.a.size() == 4", {("a", "")}, id="a function of a component"),
        pytest.param("state.a.list.size () == 2", {("a", "list")}, id="a function of a member"),
        pytest.param("true", set(), id="no state at all"),
        pytest.param("size(state) == 2", None, id="the whole state"),
        pytest.param("state.size() == 2", None, id="a function of the state"),
        pytest.param("state['a'].n == 4", None, id="by index"),
        pytest.param("state . a.n == 4", None, id="with spaces"),
        pytest.param("state.a.n // what\n == 4", None, id="with a comment"),
        pytest.param("state.a.text == 'state'", None, id="the word in a string"),
        pytest.param("state.a.text == 'state.b'", {("a", "text"), ("b", "")}, id="a path in one"),
        pytest.param(r"r'\' == '' || state.a.n == 4 || '' == 'x'", {("a", "n")}, id="raw string"),
        pytest.param(
            "'''it's''' == '' || state.a.n == 4 || 'y' == ''", {("a", "n")}, id="triple quotes"
        ),
    ],
)
def test_reads_never_misses_a_part(rule: str, reads: set[tuple[str, str]] | None) -> None:
    """A rule is narrowed to no less than what it reads, and holds on that alone."""
    (compiled,) = rules(rule).conditions
    whole = ConditionSet(conditions=(replace(compiled, reads=None),))

    assert compiled.reads == (None if reads is None else frozenset(reads))
    assert rules(rule).first_broken(STATE) == whole.first_broken(STATE)


@pytest.mark.parametrize(
    ("touched", "kept"),
    [
        pytest.param(("b", "n"), ["state.b.n == 0", "size(state.b) == 1"], id="a member"),
        pytest.param(("b", "m"), ["size(state.b) == 1"], id="another member"),
        pytest.param(("b", ""), ["state.b.n == 0", "size(state.b) == 1"], id="a component"),
        pytest.param(("a", "n"), ["state.a.n == 4"], id="another component"),
        pytest.param(("c", ""), [], id="what nothing reads"),
    ],
)
def test_about_keeps_what_may_be_affected(touched: tuple[str, str], kept: list[str]) -> None:
    """A change spares the rules that read only other parts; the whole state is always read."""
    held = rules("state.a.n == 4", "state.b.n == 0", "size(state.b) == 1", "size(state) == 2", "1")

    found = [item.condition.rule for item in held.about(frozenset({touched})).conditions]

    assert found == [*kept, "size(state) == 2"]


def test_kept_narrowings_are_bounded() -> None:
    """Parts are named by ids that tenants choose, so the memory of answers has an end."""
    held = rules("state.a.n == 4")

    for number in range(KEPT_NARROWINGS + 5):
        held.about(frozenset({("a", f"t_{number}")}))

    assert len(held._narrowed) <= KEPT_NARROWINGS  # noqa: SLF001  # the bound is what is tested
