"""Hold the tests to the shape of the code: each module with behaviour has its test file."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

import pytest

from tests.architecture.rules import SourceFile
from tests.architecture.tree import ROOT, python_files

MIRRORED: Final = (
    "runtime/agent",
    "runtime/domain",
    "runtime/engine",
    "runtime/kit",
    "runtime/plugins",
    "harness",
)

# Behaviour that is proven elsewhere: the module, and where.
PROVEN_ELSEWHERE: Final[dict[str, str]] = {}


def unmirrored(files: Iterable[SourceFile], tests: frozenset[str]) -> Iterator[str]:
    """Yield each module that defines behaviour and has no test file of its name.

    Args:
        files: the modules.
        tests: paths of all test files, relative to `tests/unit`.
    """
    for file in files:
        if not _has_behaviour(file) or str(file.path) in PROVEN_ELSEWHERE:
            continue
        if not tests & set(_homes(file.path)):
            yield f"{file.path} has no tests/unit/{file.path.parent}/test_{file.path.name}"


def _homes(path: PurePosixPath) -> Iterator[str]:
    """Yield where the tests of a module may live: beside its twin, or with its package."""
    yield f"{path.parent}/test_{path.stem}.py"
    yield f"{path.parent.parent}/test_{path.parent.name}.py"


def _has_behaviour(file: SourceFile) -> bool:
    nodes = ast.walk(file.tree)
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes)


def _module(text: str) -> SourceFile:
    return SourceFile(path=PurePosixPath("runtime/kit/sample.py"), text=text)


def test_each_module_with_behaviour_has_its_tests() -> None:
    """Whoever reads a module knows where its tests are."""
    unit = ROOT / "tests" / "unit"
    tests = frozenset(path.relative_to(unit).as_posix() for path in unit.rglob("test_*.py"))

    missing = list(unmirrored(python_files(*MIRRORED), tests))

    assert not missing, "\n".join(missing)


def test_the_list_of_exceptions_names_files_that_exist() -> None:
    """An exception does not outlive its module."""
    assert [listed for listed in PROVEN_ELSEWHERE if not (ROOT / listed).is_file()] == []


@pytest.mark.parametrize(
    ("text", "tests", "missing"),
    [
        pytest.param("def f(): ...", frozenset[str](), 1, id="behaviour without tests"),
        pytest.param(
            "def f(): ...", frozenset({"runtime/kit/test_sample.py"}), 0, id="its twin exists"
        ),
        pytest.param(
            "def f(): ...", frozenset({"runtime/test_kit.py"}), 0, id="tested with its package"
        ),
        pytest.param(
            "def f(): ...", frozenset({"runtime/kit/test_other.py"}), 1, id="another's twin"
        ),
        pytest.param("X = 1", frozenset[str](), 0, id="nothing to test"),
    ],
)
def test_the_mirror_rule_sees(text: str, tests: frozenset[str], missing: int) -> None:
    """The rule asks for a twin exactly where there is behaviour."""
    assert len(list(unmirrored([_module(text)], tests))) == missing
