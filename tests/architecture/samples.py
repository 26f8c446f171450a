"""Keep, for each house rule, a file that obeys it and one that breaks it."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from tests.architecture import rules
from tests.architecture.rules import Rule, SourceFile

CODE: Final = ("runtime", "harness")
TESTS: Final = ("tests",)
EVERYTHING: Final = (*CODE, *TESTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRule:
    """Bind a rule to the folders it governs and to its two samples."""

    rule: Rule
    folders: tuple[str, ...]
    good: SourceFile
    bad: SourceFile

    @property
    def title(self) -> str:
        """Say the rule in words."""
        return self.rule.__name__.replace("_", " ")


def _sample(text: str, *, path: str = "runtime/kit/sample.py") -> SourceFile:
    return SourceFile(path=PurePosixPath(path), text=text)


def _function(lines: int) -> str:
    return "def f() -> None:\n" + "    pass\n" * (lines - 1)


HOUSE_RULES: Final = (
    HouseRule(
        rule=rules.file_is_short,
        folders=CODE,
        good=_sample("x = 1\n" * rules.MOST_FILE_LINES),
        bad=_sample("x = 1\n" * (rules.MOST_FILE_LINES + 1)),
    ),
    HouseRule(
        rule=rules.functions_are_short,
        folders=CODE,
        good=_sample(_function(rules.MOST_FUNCTION_LINES)),
        bad=_sample(_function(rules.MOST_FUNCTION_LINES + 1)),
    ),
    HouseRule(
        rule=rules.public_names_are_documented,
        folders=CODE,
        good=_sample('"""Say."""\nclass A:\n    """Be."""\n    def _b(self): ...\n'),
        bad=_sample('"""Say."""\nclass A:\n    """Be."""\n    def b(self): ...\n'),
    ),
    HouseRule(
        rule=rules.imports_are_not_hidden,
        folders=EVERYTHING,
        good=_sample("from typing import Final\n"),
        bad=_sample("import typing\nif typing.TYPE_CHECKING:\n    import json\n"),
    ),
    HouseRule(
        rule=rules.sql_is_not_formatted,
        folders=EVERYTHING,
        good=_sample("text('select :id')\n"),
        bad=_sample("text(f'select {id}')\n"),
    ),
    HouseRule(
        rule=rules.name_says_what_is_inside,
        folders=EVERYTHING,
        good=_sample("", path="runtime/kit/ids.py"),
        bad=_sample("", path="runtime/kit/utils.py"),
    ),
    HouseRule(
        rule=rules.nothing_is_patched,
        folders=TESTS,
        good=_sample("monkeypatch.setenv('A', 'b')\n"),
        bad=_sample("monkeypatch.setattr('runtime.kit.ids.new', None)\n"),
    ),
    HouseRule(
        rule=rules.nothing_is_patched,
        folders=TESTS,
        good=_sample("import unittest\n"),
        bad=_sample("from unittest import mock\n"),
    ),
    HouseRule(
        rule=rules.tests_say_what_they_claim,
        folders=TESTS,
        good=_sample('def test_a() -> None:\n    """Claim."""\n'),
        bad=_sample("def test_a() -> None:\n    assert True\n"),
    ),
)
