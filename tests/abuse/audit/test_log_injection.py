"""Nothing that is written into a log moves a reader's cursor, forges a line or runs (U7)."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

import pytest

from runtime import audit_verifier
from runtime.domain.record import AuditRecord
from tests.audit_exports import (
    Signer,
    export_lines,
    heads_of,
    leaf_line,
    subject_key,
    unpadded,
    write_lines,
)

KEY: Final = Signer("first")
HOSTILE: Final = (
    pytest.param('x"}\n{"leaf":1,"header":{}}', id="a forged line"),
    pytest.param("\r\nGOOD: org_ours", id="a forged verdict"),
    pytest.param("\x1b[2J\x1b[1;32mGOOD\x1b[0m", id="escape sequences"),
    pytest.param("\x9b2J\x85\u2028\u2029", id="controls and line ends beyond ASCII"),
    pytest.param("\u202eDOOG\u2066", id="letters that turn the direction"),
    pytest.param("<script>alert(1)</script>&amp;", id="HTML"),
    pytest.param("\x00\x08\x7f", id="null, backspace, delete"),
    pytest.param("😀 z\u0301 \ufeff", id="emoji, a combining letter, a byte order mark"),
)


def _export(folder: Path, text: str, *, spoilt: bool) -> Path:
    record = AuditRecord.of(
        {"name": text, text: [text]},
        record_id=f"aud_{text}",
        principal_id=f"usr_{text}",
        kind="token.created",
        project_id=text,
    )
    leaves = [leaf_line(record, subject_key("usr_1"), number=0)]
    heads = heads_of(leaves, {1: KEY})
    if spoilt:
        leaves[0]["header"]["kind"] = text
    lines = export_lines(leaves, heads, [KEY.epoch().document()])
    return write_lines(folder / "export.jsonl", lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_record_stays_one_line(text: str, tmp_path: Path) -> None:
    """An export has a line for each leaf, whatever stands in it, and verifies."""
    export = _export(tmp_path, text, spoilt=False)
    assert export.read_bytes().count(b"\n") == len(export.read_bytes().splitlines()) == 4
    with redirect_stdout(io.StringIO()):
        assert audit_verifier.main([str(export), "--key", unpadded(KEY.public)]) == 0


@pytest.mark.parametrize("told", [[], ["--json"]], ids=["in words", "in JSON"])
@pytest.mark.parametrize("text", HOSTILE)
def test_the_verifier_spells_out_what_moves_a_terminal(
    text: str, told: list[str], tmp_path: Path
) -> None:
    """What it says of a hostile leaf is plain letters, in as many lines as of any other."""
    said = []
    for name in ("plain", text):
        with redirect_stdout(io.StringIO()) as output:
            path = _export(tmp_path, name, spoilt=True)
            assert audit_verifier.main([str(path), *told]) == 1
        said.append(output.getvalue())
    assert said[1].count("\n") == said[0].count("\n")
    assert all(letter.isprintable() or letter == "\n" for letter in said[1])
    assert not any(line.startswith("GOOD") for line in said[1].splitlines())
