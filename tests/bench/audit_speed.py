"""Measure what an audit log costs to make and to check: `python -m tests.bench.audit_speed`.

`--only seal` times a leaf (sealing and hash) and a thousand steps of a frontier; `--only verify`
writes an export with anchors and has it verified in a process of its own, with its peak memory.
The goal of M13 is a million leaves in a minute: `--only verify --leaves 1000000`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime import audit_verifier
from runtime.domain.audit_sealing import sealed
from runtime.domain.merkle import Frontier
from runtime.domain.record import AuditRecord
from runtime.domain.tree_head import SignedHead, TreeHead, anchor_document
from runtime.kit.canonical_json import canonical_bytes, digest
from tests.audit_exports import BEGIN, OURS, Signer, export_lines, leaf_line, subject_key, unpadded

HEAD_EVERY: Final = 1_000
GOAL_US: Final = 60.0
SIGNER: Final = Signer("first")
SUBJECT: Final = subject_key("usr_1")
_CHILD: Final = """
import resource, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime
    print(f"{cpu_s:.1f} s of a processor, {used.ru_maxrss // 1024} MB", file=sys.stderr)
"""


def a_record(number: int) -> AuditRecord:
    """Return the record of an execution that moved a counter."""
    state = {"counter": {"value": number}}
    operation = {"op": "replace", "path": "/counter/value", "value": number}
    if number == 0:
        operation = {"op": "replace", "path": "", "value": state}
    return AuditRecord.of(
        {
            "credential": "tok_01M8NYTGRYXXAT1S8GKW9XAW68",
            "document_digest": digest(number),
            "outcome": f"out_{number:026}",
            "principal": "mem_01M8NYTGRYX9X7FNNJXQFC0X5B",
            "project": "prj_01M8NYTGRYHAJ7N73M0W97QF9X",
            "status": "done",
            "versions": [{"version": number, "digest": digest(state), "diff": [operation]}],
        },
        record_id=f"aud_{number:026}",
        principal_id="mem_01M8NYTGRYX9X7FNNJXQFC0X5B",
        kind="plan.executed" if number else "project.created",
        project_id="prj_01M8NYTGRYHAJ7N73M0W97QF9X",
    )


def seal_speed(*, leaves: int) -> None:
    """Print what a leaf and a thousand steps of a frontier cost, the best of five."""
    records = [a_record(number) for number in range(leaves)]
    leaf_us, grow_ms = [], []
    for _ in range(5):
        start = time.perf_counter()
        hashes = [sealed(item, SUBJECT, organization_id=OURS, at=BEGIN).hash() for item in records]
        leaf_us.append((time.perf_counter() - start) / leaves * 1e6)
        start = time.perf_counter()
        Frontier().with_leaves(hashes[:1_000])
        grow_ms.append((time.perf_counter() - start) * 1e3)
    print(f"a leaf, sealed and hashed: {min(leaf_us):.1f} us (goal 25)")
    print(f"1,000 leaves onto a frontier: {min(grow_ms):.2f} ms (goal 2)")


def _written(folder: Path, *, leaves: int) -> Iterator[bytes]:
    """Yield the lines of an export, and write the anchors of it below the folder."""
    first, *_ = export_lines([], {}, [SIGNER.epoch().document()])
    yield canonical_bytes({**first, "size": leaves})
    frontier, since = Frontier(), list[bytes]()
    for number in range(leaves):
        line = leaf_line(a_record(number), SUBJECT, number=number)
        since.append(bytes.fromhex(line["hash"]))
        yield canonical_bytes(line)
        if len(since) == HEAD_EVERY or number == leaves - 1:
            frontier = frontier.with_leaves(since)
            root = frontier.root().hex()
            head = TreeHead(organization_id=OURS, size=number + 1, root=root, at=BEGIN)
            signed = SIGNER.signed(head)
            _write_anchor(folder, signed, since)
            since = []
            yield canonical_bytes({"head": signed.document()})
    yield canonical_bytes({"end": leaves, "heads": -(-leaves // HEAD_EVERY)})


def _write_anchor(folder: Path, signed: SignedHead, leaves: list[bytes]) -> None:
    size = signed.head.size
    anchor = anchor_document(signed, leaves, previous_size=size - len(leaves))
    (folder / f"{size:012}.json").write_bytes(canonical_bytes(anchor))


def verify_speed(*, leaves: int) -> None:
    """Print how long an export takes to verify, alone and with all that can be asked for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export, sink = folder / "export.jsonl", folder / "sink"
        sink.mkdir()
        with export.open("wb") as file:
            file.writelines(line + b"\n" for line in _written(sink, leaves=leaves))
        size_mb = export.stat().st_size / 2**20
        print(f"{leaves:,} leaves, {size_mb:,.0f} MB, a head every {HEAD_EVERY:,}")
        key, anchors = ["--key", unpadded(SIGNER.public)], ["--anchors", str(sink)]
        for asked in (key, [*key, *anchors], [*key, *anchors, "--replay"]):
            command = [sys.executable, "-c", _CHILD, audit_verifier.__file__, str(export), *asked]
            start = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took_s = time.perf_counter() - start
            told = " ".join(item for item in asked if item.startswith("--"))
            print(
                f"{done.stdout.split(':')[0]} {told}: {took_s:.1f} s, "
                f"{took_s / leaves * 1e6:.1f} us a leaf (goal {GOAL_US:.0f}), {done.stderr.strip()}"
            )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("seal", "verify"))
    parser.add_argument("--leaves", type=int, default=50_000)
    asked = parser.parse_args()
    if asked.only != "verify":
        seal_speed(leaves=min(asked.leaves, 5_000))
    if asked.only != "seal":
        verify_speed(leaves=asked.leaves)


if __name__ == "__main__":
    main()
