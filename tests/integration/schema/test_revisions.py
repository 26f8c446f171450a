"""Hold each revision to the house's manners, read from its source: bounded, documented, in line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from alembic.script import ScriptDirectory

from runtime.store import revisions

FILES: Final = tuple(sorted((revisions.folder() / "versions").glob("*.py")))
EACH_FILE: Final = pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.stem) for file in FILES]
)
_GOOD: Final = '''
def upgrade():
    """Gain."""
    bounded()
    op.execute("select 1")
def downgrade():
    """Lose."""
    bounded()
'''


def unbounded(tree: ast.Module) -> Iterator[str]:
    """Yield each direction that does something before it bounds how long it may hold a lock."""
    for name in ("upgrade", "downgrade"):
        found = [
            node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
        ]
        statements = [_spelled(node) for node in found[0].body] if found else []
        work = [text for text in statements if not text.startswith(("'", '"'))]
        if work[:1] != ["bounded()"]:
            yield f"{name}() does not begin with bounded()"


def test_there_is_one_head_and_one_line() -> None:
    """Two revisions on one parent would make the order of their effects a matter of luck."""
    scripts = ScriptDirectory(str(revisions.folder()))

    assert scripts.get_heads() == [revisions.head_revision()]
    assert len(scripts.get_bases()) == 1
    assert len(revisions.revisions()) == len(FILES)


@EACH_FILE
def test_a_revision_is_bounded_in_both_directions(file: Path) -> None:
    """Nothing waits for a lock, or holds one, for longer than a request can bear."""
    assert list(unbounded(_tree(file))) == []


@EACH_FILE
def test_a_revision_says_what_it_is_for(file: Path) -> None:
    """Its number begins its file's name, and its docstring says what a user gains."""
    tree = _tree(file)
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert file.stem.split("_", 1)[0] == named["revision"]
    assert ast.get_docstring(tree)


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        pytest.param(_GOOD, 0, id="bounded twice"),
        pytest.param(_GOOD.replace("    bounded()\n", "", 1), 1, id="not on the way up"),
        pytest.param(_GOOD.replace("bounded()", "pass"), 2, id="not at all"),
        pytest.param(
            _GOOD.replace(
                '    bounded()\n    op.execute("select 1")',
                '    op.execute("select 1")\n    bounded()',
            ),
            1,
            id="too late",
        ),
        pytest.param("x = 1", 2, id="no directions"),
    ],
)
def test_the_rule_of_bounds_sees(text: str, complaints: int) -> None:
    """A revision without bounds is caught, wherever they are missing."""
    assert len(list(unbounded(ast.parse(text)))) == complaints


def test_the_template_of_new_revisions_is_bounded() -> None:
    """Whoever begins with the template begins right."""
    template = (revisions.folder() / "script.py.mako").read_text(encoding="utf-8")
    plain = template.replace("${repr(up_revision)}", "'2'").replace("${repr(down_revision)}", "'1'")

    assert list(unbounded(ast.parse(plain))) == []


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _spelled(node: ast.stmt) -> str:
    return ast.unparse(node)
