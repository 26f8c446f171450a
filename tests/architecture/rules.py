"""Judge one source file at a time: each rule returns what is wrong with it, as sentences.

`test_house_rules.py` runs every rule over the tree and over the samples of `samples.py`.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

MOST_FILE_LINES: Final = 350
LONGER: Final = {"runtime/audit_verifier.py": 560}
"""What can't be split: an auditor gets the verifier as one file, which imports nothing of ours."""
MOST_FUNCTION_LINES: Final = 50
VAGUE_NAMES: Final = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc"})
SQL_TEXT_CALLS: Final = frozenset({"text", "sa.text", "sqlalchemy.text"})
PATCHERS: Final = frozenset({"unittest.mock", "mock", "pytest_mock"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """Hold a Python file and its tree."""

    path: PurePosixPath
    text: str

    @property
    def tree(self) -> ast.Module:
        """Parse the text."""
        return ast.parse(self.text)


Rule = Callable[[SourceFile], Iterator[str]]


def file_is_short(file: SourceFile) -> Iterator[str]:
    """Complain about a file that holds more than one concept can need."""
    lines = len(file.text.splitlines())
    most = LONGER.get(str(file.path), MOST_FILE_LINES)
    if lines > most:
        yield f"{file.path} has {lines} lines, at most {most}: split it by concept"


def functions_are_short(file: SourceFile) -> Iterator[str]:
    """Complain about a function that does not fit on a screen."""
    for function in _functions(file):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > MOST_FUNCTION_LINES:
            place = f"{file.path}:{function.lineno}"
            yield f"{place} {function.name} has {lines} lines, at most {MOST_FUNCTION_LINES}"


def public_names_are_documented(file: SourceFile) -> Iterator[str]:
    """Complain about a module, public class or public function without a docstring."""
    if ast.get_docstring(file.tree) is None:
        yield f"{file.path} has no docstring: say in one sentence what it is"
    for node in _public_definitions(file.tree):
        if ast.get_docstring(node) is None:
            yield f"{file.path}:{node.lineno} {node.name} has no docstring"


def imports_are_not_hidden(file: SourceFile) -> Iterator[str]:
    """Complain about TYPE_CHECKING, which hides an import cycle."""
    for node in ast.walk(file.tree):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        if name == "TYPE_CHECKING":
            line = getattr(node, "lineno", 0)
            yield f"{file.path}:{line} uses TYPE_CHECKING: import the name openly"


def sql_is_not_formatted(file: SourceFile) -> Iterator[str]:
    """Complain about SQL text that is put together from values."""
    for call in _calls(file):
        if ast.unparse(call.func) not in SQL_TEXT_CALLS or not call.args:
            continue
        if isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call):
            yield f"{file.path}:{call.lineno} formats SQL inside text(): bind parameters instead"


def name_says_what_is_inside(file: SourceFile) -> Iterator[str]:
    """Complain about a file or folder whose name fits any content."""
    for part in (*file.path.parent.parts, file.path.stem.removeprefix("test_")):
        if part in VAGUE_NAMES:
            yield f"{file.path}: '{part}' says nothing: name the concept"


def nothing_is_patched(file: SourceFile) -> Iterator[str]:
    """Complain about mocks and about attributes replaced by dotted string."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                if name in PATCHERS or name.startswith("unittest.mock."):
                    yield f"{file.path}:{node.lineno} imports {name}: write a double at the port"
    for call in _calls(file):
        target = call.args[0] if call.args else None
        dotted = isinstance(target, ast.Constant) and isinstance(target.value, str)
        if dotted and ast.unparse(call.func) == "monkeypatch.setattr":
            yield f"{file.path}:{call.lineno} patches by dotted string: a port is missing"


def tests_say_what_they_claim(file: SourceFile) -> Iterator[str]:
    """Complain about a test function without a docstring."""
    for function in _functions(file):
        if function.name.startswith("test_") and ast.get_docstring(function) is None:
            yield f"{file.path}:{function.lineno} {function.name} has no docstring"


def _functions(file: SourceFile) -> Iterator[Function]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _calls(file: SourceFile) -> Iterator[ast.Call]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call):
            yield node


def _public_definitions(parent: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") or _is_overload_or_override(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _public_definitions(node)


def _is_overload_or_override(node: Documented) -> bool:
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter"})


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    module = node.module or ""
    yield module
    yield from (f"{module}.{alias.name}" for alias in node.names if module == "unittest")
