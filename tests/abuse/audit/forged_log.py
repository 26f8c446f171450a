"""Hold one log as an attacker finds it: lines of an export, anchors in a sink, and keys to try."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from runtime import audit_verifier
from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject
from tests.audit_exports import (
    BEGIN,
    OURS,
    Signer,
    anchors_of,
    export_lines,
    heads_of,
    leaf_line,
    renumbered,
    subject_key,
    unpadded,
    write_lines,
)

SIZES: Final = (7, 16, 24, 25, 39, 48)
SIZE: Final = SIZES[-1]
SUCCEEDED: Final = 25
"""From this size on, the second key signs."""
FIRST: Final = Signer("the first key")
SECOND: Final = Signer("the second key")
STRANGER: Final = Signer("the key of a stranger")
KINDS: Final = ("plan.executed", "plan.refused", "token.created", "member.added")


def a_leaf(number: int, *, organization: str = OURS, letter: str = "a") -> JsonObject:
    """Return the line of a leaf; another letter makes another record of it."""
    record = AuditRecord.of(
        {"number": number, "credential": "tok_1", "name": f"{letter}{number} & <b>é</b>"},
        record_id=f"aud_{letter}{number:04}",
        principal_id=f"usr_{number % 5}",
        kind=KINDS[number % len(KINDS)],
        project_id=f"prj_{number % 3}" if number % 2 else None,
    )
    month = subject_key(f"usr_{number % 5}")
    return leaf_line(
        record, month, number=number, organization=organization, erased=number % 11 == 10
    )


def signers(sizes: Sequence[int]) -> dict[int, Signer]:
    """Return who signs at which size, as it should be."""
    return {size: FIRST if size < SUCCEEDED else SECOND for size in sizes}


@cache
def _true() -> tuple[list[JsonObject], dict[int, JsonObject], list[JsonObject]]:
    leaves = [a_leaf(number) for number in range(SIZE)]
    second = SECOND.epoch(after=FIRST, begins_at=BEGIN + timedelta(seconds=SUCCEEDED))
    epochs = [FIRST.epoch().document(), second.document()]
    return leaves, heads_of(leaves, signers(SIZES)), epochs


@dataclass(kw_only=True)
class ForgedLog:
    """Hold everything that can be changed; whoever tampers with it says so here.

    Attributes:
        leaf: number of the first bad leaf, if one can be named.
        below: size of the head that is bad, or that has a bad leaf below it.
        word: of the problem, where there is neither.
        spelled: what is written instead of the lines.
    """

    rng: Random
    leaves: list[JsonObject] = field(default_factory=lambda: deepcopy(_true()[0]))
    heads: dict[int, JsonObject] = field(default_factory=lambda: deepcopy(_true()[1]))
    epochs: list[JsonObject] = field(default_factory=lambda: deepcopy(_true()[2]))
    anchors: dict[int, JsonObject] = field(
        default_factory=lambda: deepcopy(anchors_of(_true()[0], _true()[1]))
    )
    organization: str = OURS
    leaf: int | None = None
    below: int | None = None
    word: str = ""
    respelled: Callable[[bytes], bytes] = bytes

    def place(self, *, first: int = 0, most: int = SIZE - 1) -> int:
        """Choose a leaf."""
        return self.rng.randint(first, most)

    def shown(self) -> int:
        """Choose a leaf whose document is shown."""
        return self.rng.choice([n for n in range(SIZE) if self.leaves[n]["salt"] is not None])

    def head(self) -> int:
        """Choose a head by its size."""
        return self.rng.choice(SIZES)

    def lines(self) -> list[JsonObject]:
        """Return the export as it stands now."""
        return export_lines(self.leaves, self.heads, self.epochs, organization=self.organization)

    def cut(self, size: int) -> None:
        """Roll the log back, with its heads."""
        del self.leaves[size:]
        self.heads = {place: head for place, head in self.heads.items() if place <= size}

    def rewrite(self, leaves: Sequence[JsonObject], **signing: Signer) -> None:
        """Put other leaves in place, consistently, and sign all heads above what is new."""
        self.leaves = renumbered(leaves)
        before = [line["hash"] for line in _true()[0]]
        same = next(
            (n for n, line in enumerate(self.leaves[:SIZE]) if line["hash"] != before[n]),
            len(self.leaves),
        )
        sizes = {size: signer for size, signer in signers(SIZES).items() if size <= len(leaves)}
        if "by" in signing:
            sizes = {size: signing["by"] if size > same else who for size, who in sizes.items()}
        self.heads = heads_of(self.leaves, sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Hold what the verifier answered."""

    code: int
    report: JsonObject
    text: str


def verdict_on(
    log: ForgedLog, folder: Path, *, anchored: bool = True, pinned: bool = True
) -> Verdict:
    """Write a log out and have it verified."""
    export, sink = folder / "export.jsonl", folder / "sink"
    write_lines(export, log.lines())
    export.write_bytes(log.respelled(export.read_bytes()))
    for size, anchor in log.anchors.items() if anchored else ():
        path = sink / "anchors" / OURS / f"{size:012}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(canonical_bytes(anchor))
    arguments = [str(export), "--json"]
    arguments += ["--anchors", str(sink)] if anchored else []
    arguments += ["--key", unpadded(FIRST.public)] if pinned else []
    with redirect_stdout(io.StringIO()) as said:
        code = audit_verifier.main(arguments)
    return Verdict(code=code, report=json.loads(said.getvalue()), text=said.getvalue())
