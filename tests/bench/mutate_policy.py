"""Break the shipped rules in every small way and see that their own tests notice.

Each rule is left out, each line of a body is left out, and each line is loosened: a comparison
is turned or moved by one, a `not` dropped, a number or a text changed. A change that is no module
any more does not count. Prints each change that no test noticed, and exits with 1 if there is one.
Run it with `python -m tests.bench.mutate_policy`, or with the names of files to break these alone.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson
from regorus import Engine

from runtime.adapters.rego.rules import RuleReader
from runtime.domain.policy_unit import PolicyModule
from runtime.policies import shipped_modules, shipped_tests

LOOSENED: Final = (
    (re.compile(r">="), ">"),
    (re.compile(r"(?<=[^>:=!<]) > (?=\S)"), " >= "),
    (re.compile(r"=="), "!="),
    (re.compile(r"!="), "=="),
    (re.compile(r"\bnot "), ""),
    (re.compile(r"\btrue\b"), "false"),
    (re.compile(r"\bfalse\b"), "true"),
    (re.compile(r"(?<![\w.\"])(\d+)\b"), r"1\1"),
    (re.compile(r'"([^"]+)"'), r'"\1~"'),
    (re.compile(r"\bevery (\w+) in (.+?) \{"), r"some \1 in \2; {"),
    (re.compile(r"\bsort\((\w+)\)"), r"\1"),
)
"""What is looked for in a line, and what stands there instead; each place on its own."""
_NEW_RULE: Final = re.compile(r"^(?=[a-z])", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Say what was changed, and hold the module that came of it."""

    line: int
    what: str
    module: PolicyModule


def changes(module: PolicyModule) -> Iterator[Change]:
    """Return every small change of a module."""
    yield from _without_rules(module)
    lines = module.text.split("\n")
    for at, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#") or line.startswith("package"):
            continue
        if line.startswith("\t"):
            yield _changed(module, lines, at=at, new=None)
        for pattern, new in LOOSENED:
            for found in pattern.finditer(line):
                text = line[: found.start()] + found.expand(new) + line[found.end() :]
                yield _changed(module, lines, at=at, new=text)


def _changed(module: PolicyModule, lines: Sequence[str], *, at: int, new: str | None) -> Change:
    text = "\n".join([*lines[:at], *([] if new is None else [new]), *lines[at + 1 :]])
    what = f"without {lines[at].strip()}" if new is None else new.strip()
    return Change(line=at + 1, what=what, module=replace(module, text=text))


def _without_rules(module: PolicyModule) -> Iterator[Change]:
    blocks = _NEW_RULE.split(module.text)
    line = 1
    for at, block in enumerate(blocks):
        if at and not block.startswith("package"):
            text = "".join([*blocks[:at], *blocks[at + 1 :]])
            what = f"without the rule {block.splitlines()[0]}"
            yield Change(line=line, what=what, module=replace(module, text=text))
        line += block.count("\n")


def noticed(modules: Sequence[PolicyModule], tests: Sequence[str]) -> bool | None:
    """Say whether a test fails; None if these are no modules."""
    engine = Engine()
    try:
        for module in modules:
            engine.add_policy(module.path, module.text)
    except RuntimeError:
        return None
    engine.set_input_json("{}")
    return any(not _holds(engine, test) for test in tests)


def _holds(engine: Engine, test: str) -> bool:
    try:
        return engine.eval_rule_as_json(test) == "true"
    except RuntimeError:
        return False


def test_names() -> list[str]:
    """Return the names of the tests of the shipped rules."""
    engine = Engine()
    for module in shipped_tests():
        engine.add_policy(module.path, module.text)
    rules = RuleReader().rules_of(orjson.loads(engine.get_ast_as_json()))
    return [rule.dotted for rule in rules if rule.is_test]


def main(names: Sequence[str]) -> int:
    """Break the rules, print what nobody noticed, and return the exit code."""
    began = time.perf_counter()
    shipped, tests = shipped_modules(), shipped_tests()
    run = test_names()
    if noticed([*shipped, *tests], run) is not False:
        print("the tests fail before anything is changed")
        return 1
    survivors: list[str] = []
    counts = {True: 0, False: 0, None: 0}
    for module in shipped:
        if names and not any(module.path.endswith(name) for name in names):
            continue
        others = [other for other in shipped if other is not module]
        for change in changes(module):
            seen = noticed([*others, change.module, *tests], run)
            counts[seen] += 1
            if seen is False:
                survivors.append(f"{module.path}:{change.line}: {change.what}")
    print(*survivors, sep="\n")
    print(
        f"{counts[True]} changes noticed, {counts[False]} not, {counts[None]} were no module; "
        f"{time.perf_counter() - began:.0f} s"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
