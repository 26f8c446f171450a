"""Compile modules, run their own tests and see which lines these reach; runs in a child."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson
from regorus import Engine

from runtime.adapters.rego.rules import Rule, RuleReader, problems_of

_PLACE: Final = re.compile(r"--> (\S+?:\d+):\d+")
_ERROR: Final = re.compile(r"^error: (.+)$", re.MULTILINE)
_TENANT: Final = "tenant"
_PROBLEMS: Final = 20
"""How many are told; who mends these sees the rest."""
_LONGEST: Final = 500
_NEVER_RIGHT: Final = (
    "could not find function",
    "not scheduled",  # a comprehension in the head of a set, which OPA understands
    "recursion",
    "unsafe",
    "used before definition",
)
"""What is said of rules that are wrong whatever the input is; other failures depend on it."""


def checked(rule: str, modules: Iterable[tuple[str, str]], *, reader: RuleReader) -> bytes:
    """Return a report as JSON, of the members of `PolicyCheck`; `rule` is what will be asked."""
    engine = Engine()
    engine.set_enable_coverage(enable=True)
    problems = list(_unread(engine, modules))
    if problems:
        return _report(problems)
    try:
        rules = reader.rules_of(orjson.loads(engine.get_ast_as_json()))
    except orjson.JSONDecodeError:
        return _report(["expressions too deep inside each other"])
    problems = problems_of(rules) or list(_never_right(engine, rules=rules, asked=rule))
    if problems:  # what needs itself is not run: a function would run out of stack
        return _report(problems)
    lines = _lines(engine, "covered", "not_covered")
    engine.clear_coverage_data()
    tests = [_tested(engine, name) for name in _tests(rules)]
    reached = _lines(engine, "covered")
    looked_at = _looked_at(rules)
    return _report(
        [],
        tests=tests,
        coverage=[
            (path, sorted(all_lines - reached.get(path, set())), len(all_lines))
            for path, all_lines in lines.items()
            if path in looked_at
        ],
    )


def _report(
    problems: Sequence[str],
    *,
    tests: Sequence[dict[str, object]] = (),
    coverage: Sequence[tuple[str, list[int], int]] = (),
) -> bytes:
    lines = sum(count for _, _, count in coverage)
    missed = sum(len(uncovered) for _, uncovered, _ in coverage)
    return orjson.dumps(
        {
            "problems": problems[:_PROBLEMS],
            "tests": tests,
            "uncovered": [[path, uncovered] for path, uncovered, _ in coverage if uncovered],
            "covered_share": (lines - missed) / lines if lines else 1.0,
        }
    )


def _unread(engine: Engine, modules: Iterable[tuple[str, str]]) -> Iterator[str]:
    for path, text in modules:
        try:
            engine.add_policy(path, text)
        except RuntimeError as error:
            yield _told(error)


def _never_right(engine: Engine, *, rules: Sequence[Rule], asked: str) -> Iterator[str]:
    """Evaluate everything once without an input worth the name, for mistakes of the text."""
    engine.set_input_json("{}")
    told: set[str] = set()
    for name in (asked, *sorted({rule.dotted for rule in rules if rule.asked_alone})):
        try:
            engine.eval_rule_as_json(name)
        except RuntimeError as error:
            problem = _told(error)
            if problem not in told and any(words in problem for words in _NEVER_RIGHT):
                told.add(problem)
                yield problem


def _tests(rules: Sequence[Rule]) -> list[str]:
    return sorted({rule.dotted for rule in rules if rule.is_test})


def _tested(engine: Engine, name: str) -> dict[str, object]:
    problem = ""
    answer = "false"
    try:
        engine.set_input_json("{}")
        answer = engine.eval_rule_as_json(name)
    except RuntimeError as error:
        problem = _told(error)
    return {
        "name": name.removeprefix("data."),
        "passed": answer == "true",
        "problem": problem,
    }


def _looked_at(rules: Sequence[Rule]) -> set[str]:
    """Return the paths of the modules that tests should reach.

    Those are the tenant's where there are some: what their tests reach of ours says nothing.
    """
    served = [rule for rule in rules if not rule.in_tests]
    tenant = [rule for rule in served if rule.package[0] == _TENANT]
    return {rule.file for rule in tenant or served}


def _lines(engine: Engine, *kinds: str) -> dict[str, set[int]]:
    """Return the lines of each module that were reached, were not, or both."""
    report = orjson.loads(engine.get_coverage_report_as_json())
    return {
        file["path"]: {line for kind in kinds for line in file[kind]} for file in report["files"]
    }


def _told(error: RuntimeError) -> str:
    """Return place and words of a failure, without the drawing and the stack around them."""
    text = str(error).partition("Stack backtrace")[0]
    place, words = _PLACE.search(text), _ERROR.search(text)
    said = words.group(1) if words else " ".join(text.split())
    return f"{place.group(1)}: {said}"[:_LONGEST] if place else said[:_LONGEST]
