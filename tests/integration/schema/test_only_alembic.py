"""Let nothing but revisions make tables: a second way to a schema is a way to two schemas."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
MAKERS: Final = frozenset(
    {"create_all", "drop_all", "create_tables", "CreateTable", "CreateIndex", "DropTable"}
)
# Modules that hold DDL in text, each with its reason.
EXCUSED: Final = {
    "runtime/store/recipes.py": "what revisions are written with",
    "runtime/store/symptoms.py": "advice to a person, which nothing runs",
}
DDL: Final = re.compile(
    r"(create|alter|drop|truncate)\s+(or\s+replace\s+|unique\s+|temp\w*\s+)*"
    r"(table|index|view|function|policy|trigger|type|sequence|schema)\b",
    re.IGNORECASE,
)


def making(text: str) -> Iterator[str]:
    """Yield what in a module makes or changes tables."""
    for node in ast.walk(ast.parse(text)):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        if name in MAKERS:
            yield f"{getattr(node, 'lineno', 0)}: {name}"
        if isinstance(node, ast.Constant) and DDL.match(str(node.value).lstrip()):
            yield f"{node.lineno}: {str(node.value).strip()[:60]}"


def test_no_module_makes_tables() -> None:
    """The app's code holds no DDL: what the schema is stands in `migrations/` alone."""
    found = [
        f"{path.relative_to(ROOT)}:{complaint}"
        for folder in ("runtime", "harness")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in EXCUSED
        for complaint in making(path.read_text(encoding="utf-8"))
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Row.metadata.create_all(engine)", 1, id="all tables at once"),
        pytest.param("run_sync(Base.metadata.drop_all)", 1, id="handed on"),
        pytest.param("connection.execute(CreateTable(t))", 1, id="one table"),
        pytest.param("connection.execute(text('  Create table t ()'))", 1, id="in text"),
        pytest.param("A = '''\\n drop  unique index t'''", 1, id="kept for later"),
        pytest.param("connection.execute(text('select 1'))", 0, id="a query"),
        pytest.param("'''Create a table of figures.'''", 0, id="a docstring"),
        pytest.param("metadata = MetaData()", 0, id="a declaration"),
    ],
)
def test_the_rule_sees(text: str, found: int) -> None:
    """A sample of each way is caught, and an honest query is not."""
    assert len(list(making(text))) == found
