"""The verifier reads canonical JSON and ed25519 as we do, replays states, and answers plainly."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from runtime import audit_verifier
from runtime.audit_verifier import canonical, parsed, patched, signature_fits
from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import canonical_bytes, digest
from runtime.kit.json_patch import diff
from runtime.kit.json_value import JsonObject, JsonValue
from tests.audit_exports import (
    Signer,
    anchors_of,
    export_lines,
    heads_of,
    leaf_line,
    subject_key,
    unpadded,
    write_lines,
)

# Source: RFC 8032 §7.1: public key, message, signature.
VECTORS: Final = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
)
KEY: Final = Signer("first")
TREE: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.floats(
        allow_nan=False, allow_infinity=False
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_published_signatures_fit(public: str, message: str, signature: str) -> None:
    """The examples of RFC 8032 verify, and not for another message."""
    facts = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert signature_fits(*facts)
    assert not signature_fits(facts[0], facts[1] + b"!", facts[2])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_signatures_are_judged_as_by_cryptography(seed: bytes, message: bytes, bit: int) -> None:
    """What a library signed fits; with any bit changed it does not."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    altered = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    assert signature_fits(public, message, signature)
    assert not signature_fits(public, message, altered)


def test_a_signature_has_one_spelling() -> None:
    """A scalar beyond the order, a key that is no point, and wrong lengths are not taken."""
    public, message, signature = (bytes.fromhex(item) for item in VECTORS[1])
    beyond = int.from_bytes(signature[32:], "little") + audit_verifier.ORDER
    assert not signature_fits(public, message, signature[:32] + beyond.to_bytes(32, "little"))
    assert not signature_fits(public, message, signature[:-1])
    assert not signature_fits(public[:-1], message, signature)
    for point in (bytes([2]) + bytes(31), b"\xff" * 32, bytes([1]) + bytes(30) + bytes([128])):
        with pytest.raises(ValueError, match="no point"):
            signature_fits(point, message, signature)


@given(TREE)
def test_canonical_json_is_ours(value: JsonValue) -> None:
    """What we spell canonically is spelled alike by the verifier, whatever stands in it."""
    assert canonical(parsed(canonical_bytes(value))) == canonical_bytes(value)


def test_keys_stand_in_the_order_of_utf_16() -> None:
    """Letters beyond the 16 bits stand before the last of those within."""
    value = {"\U0001f600": 1, "\ufffd": 2, "a": 1.5}
    assert canonical(parsed(canonical_bytes(value))) == canonical_bytes(value)
    assert canonical_bytes(value).decode() == '{"a":1.5,"\U0001f600":1,"\ufffd":2}'


@given(TREE, TREE)
def test_our_diffs_are_applied(before: JsonValue, after: JsonValue) -> None:
    """A state and its diff give the next state."""
    written = [parsed(canonical_bytes(item)) for item in (before, diff(before, after))]
    assert canonical(patched(*written)) == canonical_bytes(after)


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', "[NaN]", "[Infinity]", '"\\ud800"', "[1", "é"])
def test_what_readers_read_differently_is_refused(text: str) -> None:
    """No member twice, no NaN, no half of a surrogate pair, no second encoding."""
    raw = text.encode("latin-1")
    with pytest.raises(ValueError):  # noqa: PT011  # of many kinds
        canonical(parsed(raw))


def _line(number: int, document: JsonObject, *, erased: bool = False) -> JsonObject:
    kind = str(document.pop("kind", "plan.executed"))
    record = AuditRecord.of(
        document, record_id=f"aud_{number:03}", principal_id="usr_1", kind=kind, project_id="prj_1"
    )
    return leaf_line(record, subject_key("usr_1"), number=number, erased=erased)


def _export(folder: Path, leaves: Sequence[JsonObject], *, signed: int | None = None) -> Path:
    heads = heads_of(leaves, {len(leaves) if signed is None else signed: KEY})
    lines = export_lines(leaves, heads, [KEY.epoch().document()])
    return write_lines(folder / "export.jsonl", lines)


def _answer(*arguments: str | Path) -> tuple[int, JsonObject]:
    with redirect_stdout(io.StringIO()) as said:
        code = audit_verifier.main([*map(str, arguments), "--json"])
    answer: JsonObject = json.loads(said.getvalue())
    return code, answer


def _said(*arguments: str | Path) -> str:
    with redirect_stdout(io.StringIO()) as said:
        audit_verifier.main([*map(str, arguments)])
    return said.getvalue()


STATES: Final = tuple({"demo.counter": {"count": n, "tags": ["x"] * n}} for n in range(5))


def _made(version: int) -> JsonObject:
    """Return a version of a state as records hold it."""
    after = STATES[version]
    operations = diff(STATES[version - 1], after)
    if version == 0:
        operations = [{"op": "replace", "path": "", "value": after}]
    return {"version": version, "digest": digest(after), "diff": operations}


def _history(*, order: Sequence[Sequence[int]] = ((0,), (1, 2), (3,), (4,))) -> list[JsonObject]:
    kinds = ("project.created", "plan.executed", "plan.failed", "state.reverted")
    return [
        {"kind": kind, "versions": [_made(version) for version in versions]}
        for kind, versions in zip(kinds, order, strict=False)
    ]


def test_states_are_rebuilt(tmp_path: Path) -> None:
    """From the records alone each version has the digest that was recorded for it."""
    leaves = [_line(number, document) for number, document in enumerate(_history())]
    code, answer = _answer(_export(tmp_path, leaves), "--replay")
    assert (code, answer["projects"], answer["versions"]) == (0, 1, 5)


def test_versions_of_one_commit_may_stand_in_any_order(tmp_path: Path) -> None:
    """Within a commit records stand in the order of their ids, not of the versions."""
    history = _history(order=((0,), (3,), (1, 2), (4,)))
    leaves = [_line(number, document) for number, document in enumerate(history)]
    code, answer = _answer(_export(tmp_path, leaves), "--replay")
    assert (code, answer["versions"]) == (0, 5)


@pytest.mark.parametrize(
    ("place", "change", "problem"),
    [
        pytest.param(2, {"digest": digest({})}, "version 3 of prj_1 is not", id="digest"),
        pytest.param(2, {"diff": []}, "version 3 of prj_1 is not", id="diff"),
        pytest.param(2, {"diff": [{"op": "remove", "path": "/none"}]}, "malformed", id="path"),
        pytest.param(2, {"version": 7}, "has no version 3, but", id="version left out"),
        pytest.param(2, {"version": 2}, "has no version 3, but", id="version twice"),
    ],
)
def test_a_history_that_is_none_is_found(
    place: int, change: JsonObject, problem: str, tmp_path: Path
) -> None:
    """A log whose proofs are right may still record what never led to the state."""
    history = _history()
    history[place]["versions"][0] |= change
    leaves = [_line(number, document) for number, document in enumerate(history)]
    export = _export(tmp_path, leaves)
    code, answer = _answer(export, "--replay")
    assert _answer(export)[0] == 0
    assert code == 1
    assert problem in answer["problem"]
    assert answer["fault"]["leaf"] in {place, place + 1}


def test_erased_records_end_a_rebuilding_without_blame(tmp_path: Path) -> None:
    """A project that misses a version for an erasure is named as not rebuilt."""
    leaves = [_line(n, document, erased=n == 2) for n, document in enumerate(_history())]
    code, answer = _answer(_export(tmp_path, leaves), "--replay")
    assert (code, answer["lost_projects"], answer["documents"]) == (0, ["prj_1"], 3)


def test_a_history_that_began_before_the_log_is_not_rebuilt(tmp_path: Path) -> None:
    """Without its first version a project is named as not rebuilt."""
    leaves = [_line(number, document) for number, document in enumerate(_history()[1:])]
    code, answer = _answer(_export(tmp_path, leaves), "--replay")
    assert (code, answer["lost_projects"], answer["projects"]) == (0, ["prj_1"], 0)
    assert "not rebuilt" in _said(tmp_path / "export.jsonl", "--replay")


def test_it_runs_without_anything_of_ours(tmp_path: Path) -> None:
    """One file, and Python's own library: that is all an auditor needs."""
    alone = shutil.copy(audit_verifier.__file__, tmp_path / "audit_verifier.py")
    export = _export(tmp_path, [_line(0, {"name": "x"})])
    command = [sys.executable, "-I", "-S", alone, export, "--key", unpadded(KEY.public)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.startswith("GOOD: org_ours\n")
    assert done.stderr == ""


def test_what_is_not_signed_or_pinned_is_told(tmp_path: Path) -> None:
    """Leaves behind the last head, and a first key that nobody vouched for, are pointed out."""
    export = _export(tmp_path, [_line(number, {"name": "x"}) for number in range(3)], signed=2)
    said = _said(export)
    assert "not signed yet: the leaves from 2 on" in said
    assert "compare the first key with the one you were told" in said
    assert "compare the first key" not in _said(export, "--key", unpadded(KEY.public))


def test_anchors_of_later_than_the_export_are_counted(tmp_path: Path) -> None:
    """An anchor that was signed after the export blames nothing, and is told."""
    leaves = [_line(number, {"name": "x"}) for number in range(3)]
    export = _export(tmp_path, leaves[:2])
    anchors = anchors_of(leaves, heads_of(leaves, {3: KEY}))
    head = {**anchors[3]["head"], "at": "2026-12-01T08:59:30.000000Z"}
    said = {name: head[name] for name in ("organization", "size", "root", "at")}
    message = b"plangate/audit/head/1\n" + canonical_bytes(said)
    anchors[3]["head"] = {**head, "signature": unpadded(KEY.private.sign(message))}
    sink = tmp_path / "sink"
    sink.mkdir()
    (sink / "leaves.jsonl").write_text("{}\n{}\n")
    write_lines(sink / "anchor.json", [anchors[3]])
    write_lines(sink / "form-2.json", [{**anchors[3], "format": "plangate-audit-anchor/2"}])
    theirs = {**anchors[3], "head": {**head, "organization": "org_theirs"}}
    write_lines(sink / "theirs.json", [theirs])
    code, answer = _answer(export, "--anchors", sink)
    assert (code, answer["later_anchors"], answer["other_files"]) == (0, 1, 3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(b"", "no export", id="empty"),
        pytest.param(b"\x00\xff", "no export", id="no text"),
        pytest.param(b'{"format":"plangate-audit-export/2"}\n', "no export", id="another format"),
        pytest.param(b'["plangate-audit-export/1"]\n', "no export", id="no object"),
    ],
)
def test_what_is_no_export_is_unreadable(text: bytes, problem: str, tmp_path: Path) -> None:
    """Nothing that can't be read is called tampered with."""
    export = tmp_path / "export.jsonl"
    export.write_bytes(text)
    code, answer = _answer(export)
    assert (code, answer["verdict"]) == (2, "unreadable")
    assert problem in answer["problem"]
    assert _said(export).startswith("UNREADABLE: no export")


def test_nothing_to_check_is_not_good(tmp_path: Path) -> None:
    """No file, no anchor, no key, no head: none of these is a good log."""
    export = _export(tmp_path, [_line(0, {"name": "x"})])
    unsigned = tmp_path / "unsigned.jsonl"
    write_lines(unsigned, export_lines([_line(0, {})], {}, [KEY.epoch().document()]))
    (tmp_path / "sink").mkdir()
    for arguments in (
        (tmp_path / "none.jsonl",),
        (export, "--anchors", tmp_path / "sink"),
        (export, "--anchors", tmp_path / "none"),
        (export, "--key", "é"),
        (unsigned,),
    ):
        assert _answer(*arguments)[0] == 2


def test_an_empty_log_is_good(tmp_path: Path) -> None:
    """An organization of which nothing was recorded has a log without leaves."""
    path = write_lines(tmp_path / "e.jsonl", export_lines([], {}, [KEY.epoch().document()]))
    assert _answer(path)[0] == 0


def test_a_long_line_is_not_read_as_a_whole(tmp_path: Path) -> None:
    """Memory stays within a few times the longest line that there may be."""
    most = audit_verifier.MOST_BYTES
    export = _export(tmp_path, [_line(0, {"name": "x"})])
    first, rest = export.read_bytes().split(b"\n", 1)
    with export.open("wb") as file:
        file.write(first + b"\n")
        file.seek(6 * most, io.SEEK_CUR)
        file.write(b"\n" + rest)
    tracemalloc.start()
    code, answer = _answer(export)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (code, answer["fault"]["leaf"]) == (1, 0)
    assert peak < 6 * most, peak / most
