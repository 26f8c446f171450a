"""The shipped rules: what is shipped, their own tests, and how far these reach."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from runtime.adapters.rego.checker import RegoChecker
from runtime.kit.rego_text import TokenKind, holds_tests, references, tokens
from runtime.policies import shipped_modules, shipped_tests
from tests.servers.opa_server import needs_opa

REACHED: Final = 0.95


def test_modules_are_sorted_and_stand_below_their_folder() -> None:
    """Each unit begins with the same modules in the same order, so revisions are the same."""
    paths = [module.path for module in shipped_modules()]

    assert paths == sorted(paths)
    assert "plangate/decision.rego" in paths
    assert all(path.startswith("plangate/") for path in paths)


def test_tests_are_told_from_what_is_served() -> None:
    """No module that is served holds tests, and each of the others does."""
    assert not any(holds_tests(module.text) for module in shipped_modules())
    assert all(holds_tests(module.text) for module in shipped_tests())
    assert shipped_tests()


def test_the_same_tuple_is_returned_again() -> None:
    """The files are read once."""
    assert shipped_modules() is shipped_modules()


def test_what_is_served_uses_no_with() -> None:
    """Only tests replace the input or the data."""
    words = [
        piece.text
        for module in shipped_modules()
        for piece in tokens(module.text)
        if piece.kind is TokenKind.WORD
    ]

    assert "with" not in words
    assert "import" not in words


def test_data_is_read_in_rules_of_tenants_only() -> None:
    """No function touches `data`, which made one engine ten times slower, and few rules do."""
    reads = {
        (module.path, reference.path[:2])
        for module in shipped_modules()
        for reference in references(list(tokens(module.text)))
        if reference.path[0] == "data"
    }

    assert reads == {("plangate/tenants.rego", ("data", "tenant"))}


async def test_their_own_tests_pass_and_reach_nearly_every_line() -> None:
    """Every `test_` rule is true in the embedded engine; at least 95 % of the lines are reached."""
    check = await RegoChecker().check([*shipped_modules(), *shipped_tests()])

    assert check.problems == ()
    assert [test for test in check.tests if not test.passed] == []
    assert len(check.tests) > 30
    assert check.covered_share >= REACHED, check.uncovered


def test_opa_accepts_and_passes_them_too(tmp_path: Path) -> None:
    """The same modules are strict Rego to OPA, formatted as its own command does, and pass."""
    opa = needs_opa()
    for module in (*shipped_modules(), *shipped_tests()):
        (tmp_path / Path(module.path).name).write_text(module.text, encoding="utf-8")

    for command in (["check", "--strict"], ["fmt", "--list", "--fail"], ["test"]):
        ran = subprocess.run(
            [opa, *command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=50
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
