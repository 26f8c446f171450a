"""Which modules of tenants may be used together, and what of a question they may read."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.domain.policy_modules import (
    ALL_BYTES,
    MODULE_BYTES,
    MOST_MODULES,
    MOST_PROBLEMS,
    PARTS,
    PolicyLevel,
    module_problems,
    reads_of,
)
from runtime.domain.policy_unit import PolicyModule
from runtime.policies import shipped_modules
from tests.policy_units import ORGANIZATION, a_module

LEVEL = PolicyLevel.ORGANIZATION


def _sized(size: int, number: int = 0) -> PolicyModule:
    text = f"{ORGANIZATION}#"
    letters, left = divmod(size - len(text), 2)
    return a_module(text + "é" * letters + "a" * left, f"{number}.rego")


def _problems(*modules: PolicyModule, level: PolicyLevel = LEVEL) -> Sequence[str]:
    return module_problems(modules, level=level)


def test_no_module_is_no_problem() -> None:
    """A tenant may have no rules."""
    assert _problems() == ()


@pytest.mark.parametrize("size", [MODULE_BYTES - 1, MODULE_BYTES])
def test_a_module_may_be_of_the_greatest_size(size: int) -> None:
    """The cap itself is allowed; it counts bytes, not letters."""
    module = _sized(size)

    assert len(module.text.encode()) == size
    assert _problems(module) == ()


def test_a_longer_module_is_refused_unread() -> None:
    """Its text isn't looked at, so that it costs nothing."""
    module = a_module("http.send " + "é" * MODULE_BYTES)

    assert _problems(module) == (
        f"organization/rules.rego: {MODULE_BYTES * 2 + 10} bytes, expected at most {MODULE_BYTES}",
    )


def test_modules_have_a_size_together() -> None:
    """Four of the greatest size are allowed, and not a byte more."""
    four = [_sized(MODULE_BYTES, number) for number in range(4)]

    assert ALL_BYTES == 4 * MODULE_BYTES
    assert _problems(*four) == ()
    assert "bytes together" in _problems(*four, a_module(ORGANIZATION))[0]


def test_there_is_a_most_of_modules() -> None:
    """As many as the cap, and not one more."""
    modules = [a_module(ORGANIZATION, f"{number}.rego") for number in range(MOST_MODULES + 1)]

    assert _problems(*modules[1:]) == ()
    assert _problems(*modules) == (f"{MOST_MODULES + 1} modules, expected at most {MOST_MODULES}",)


def test_two_modules_of_one_path_are_refused() -> None:
    """Problems and coverage are told by path."""
    assert _problems(a_module(ORGANIZATION), a_module(ORGANIZATION)) == (
        "organization/rules.rego: two modules have this path",
    )


def test_a_text_that_is_not_unicode_is_refused() -> None:
    """A lone surrogate could not be stored or sent."""
    assert _problems(a_module(f"{ORGANIZATION}# \udcff")) == ("organization/rules.rego: not UTF-8",)


def test_a_module_that_cannot_be_read_does_not_hide_the_others() -> None:
    """Every module that can be read is looked at."""
    problems = _problems(
        a_module('package a\nx := "', "a.rego"),
        a_module(f"{ORGANIZATION}x := opa.runtime()", "b.rego"),
    )

    assert problems[0].startswith("a.rego:2: ")
    assert problems[1] == "b.rego:2: calls opa.runtime, which policies may not"


def test_problems_are_told_up_to_a_number() -> None:
    """A hostile module could have tens of thousands, and nobody reads them."""
    assert len(_problems(a_module(ORGANIZATION + "x := with\n" * 5_000))) == MOST_PROBLEMS


def test_a_function_may_stand_in_another_module_of_its_package() -> None:
    """Modules of one package are one; another package is called by its name."""
    uses = a_module(f"{ORGANIZATION}x := f(1)", "a.rego")

    assert _problems(uses, a_module(f"{ORGANIZATION}f(x) := x", "b.rego")) == ()
    elsewhere = a_module("package tenant.organization.lib\nf(x) := x", "b.rego")
    assert _problems(uses, elsewhere) == ("a.rego:2: calls f, which policies may not",)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("x := 1", set(), id="nothing"),
        pytest.param("x := input.time.hour", {"time"}, id="a member"),
        pytest.param('x := input["inputs"].amount', {"inputs"}, id="a quoted member"),
        pytest.param("x := input.plan.actions[_] == input.action.id", {"action", "plan"}, id="two"),
        pytest.param("import input.principal as who\nx := who.id", {"principal"}, id="an import"),
        pytest.param("x := input.other", set(), id="a member that no question has"),
        pytest.param("x := input[part]", PARTS, id="a computed member"),
        pytest.param("x := input[`time`]", PARTS, id="a raw member"),
        pytest.param("x := count(input)", PARTS, id="all of it"),
        pytest.param("import input as asked\nx := asked.time", PARTS, id="an import of all"),
        pytest.param("x if walk(input, [_, 1])", PARTS, id="a walk"),
        pytest.param("x := data[part]", PARTS, id="anything that is there"),
        pytest.param('x := "input.time"', set(), id="a text"),
        pytest.param("x := y.input.time", set(), id="a member of something else"),
    ],
)
def test_what_modules_may_read_is_told_from_their_text(text: str, parts: set[str]) -> None:
    """What is left out of a question must not change its answer, so doubt counts as reading."""
    assert reads_of([a_module(ORGANIZATION), a_module(ORGANIZATION + text)]) == parts


def test_an_unreadable_module_may_read_everything() -> None:
    """Who can't be looked at gets the whole question."""
    assert reads_of([a_module('x := "')]) == PARTS


def test_the_shipped_rules_read_two_parts() -> None:
    """Questions that differ elsewhere are one to them."""
    assert reads_of(shipped_modules()) == {"action", "principal"}


WORDS = st.sampled_from(
    [
        *("data", "input", "input.time", "data.tenant", ".organization", ".project", ".plangate"),
        *("http.send", "(", ")", "[", "]", "{", "}", ".", ",", ":=", "if", "with", "as", "import"),
        *("x", "f", '"send"', "`send`", "http", "count", "\n", " ", "#", '"', "not", "1", "some"),
    ]
)


@given(st.lists(WORDS, max_size=12).map("".join), st.sampled_from(list(PolicyLevel)))
@example('http["send"]({})', LEVEL)
def test_nothing_that_is_let_through_names_what_it_may_not(text: str, level: PolicyLevel) -> None:
    """Whatever words are put together: no problem means no foreign data and no `http`-call."""
    module = a_module(f"package {'.'.join(level.package)}\n{text}")
    if module_problems([module], level=level):
        return
    plain = "".join(line.partition("#")[0] for line in module.text.split("\n"))
    spaceless = plain.replace(" ", "").replace("\n", "")

    assert not re.search(r"""(?<![\w."])http(\.send|\["send"\]|\[`send`\])\(""", spaceless)
    assert not re.search(r"(?<![\w.\"])data(?![\w.])", spaceless)
    if level is PolicyLevel.ORGANIZATION:
        assert not re.search(r"(?<![\w.\"])data\.tenant\.project", spaceless)
