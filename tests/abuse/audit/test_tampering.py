"""Whoever tampers with a log is found, and the first bad leaf is named (U1, U2, U4)."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.abuse.audit.forged_log import SIZE, SIZES, ForgedLog, Verdict, verdict_on
from tests.abuse.audit.row_ways import ROW_WAYS
from tests.abuse.audit.signed_ways import SIGNED_WAYS
from tests.abuse.audit.way import Way

WAYS: Final = (*ROW_WAYS, *SIGNED_WAYS)
PLACES: Final = 50
PLACES_ALONE: Final = 10


def _next_head(leaf: int, log: ForgedLog) -> int | None:
    return min((size for size in log.heads if size > leaf), default=None)


def _check(log: ForgedLog, found: Verdict, *, named: str) -> None:
    """Compare what was found with what was done."""
    fault = found.report["fault"]
    assert (found.code, found.report["verdict"]) == (1, "tampered"), named
    if log.leaf is not None:
        assert (fault["leaf"], fault["last"]) == (log.leaf, log.leaf), (named, fault)
    elif log.below is not None:
        assert fault["before_head"] == log.below, (named, fault)
    else:
        assert log.word in fault["problem"], (named, fault)


def test_the_true_log_is_good(tmp_path: Path) -> None:
    """Without tampering nothing is found, with anchors and without, pinned or not."""
    for anchored in (True, False):
        found = verdict_on(ForgedLog(rng=Random(0)), tmp_path, anchored=anchored, pinned=anchored)
        assert found.code == 0
        assert found.report["leaves"] == found.report["signed"] == SIZE
        assert found.report["heads"] == len(SIZES)
        assert found.report["anchors"] == (len(SIZES) if anchored else 0)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_tampering_is_found_where_it_was_done(way: Way, tmp_path: Path) -> None:
    """With anchors, each way of tampering is found at its place, wherever that is."""
    for seed in range(PLACES):
        log = ForgedLog(rng=Random(seed))
        way.act(log)
        _check(log, verdict_on(log, tmp_path), named=f"{way.name}, seed {seed}")


@pytest.mark.parametrize("way", [way for way in WAYS if way.alone], ids=lambda way: way.name)
def test_the_export_alone_gives_it_away(way: Way, tmp_path: Path) -> None:
    """Where the attacker did not sign again, no anchors are needed."""
    for seed in range(PLACES_ALONE):
        log = ForgedLog(rng=Random(seed))
        way.act(log)
        found = verdict_on(log, tmp_path, anchored=False)
        _check(log, found, named=f"{way.name}, seed {seed}")


def test_a_rewrite_below_old_heads_is_narrowed_to_them(tmp_path: Path) -> None:
    """Without anchors, a leaf with a right hash of its own is known to stand between two heads."""
    way = next(way for way in WAYS if way.name == "rewritten below old heads")
    for seed in range(PLACES):
        log = ForgedLog(rng=Random(seed))
        way.act(log)
        fault = verdict_on(log, tmp_path, anchored=False).report["fault"]
        assert log.leaf is not None
        assert fault["leaf"] <= log.leaf <= fault["last"]
        assert fault["before_head"] == _next_head(log.leaf, log)
        assert fault["after_head"] == fault["leaf"]


def test_a_leaf_is_told_between_its_heads(tmp_path: Path) -> None:
    """Beside the number and the id of the leaf stand the heads before and behind it."""
    log = ForgedLog(rng=Random(0))
    log.leaves[20]["document"]["number"] = 21
    fault = verdict_on(log, tmp_path).report["fault"]
    assert (fault["leaf"], fault["id"]) == (20, "aud_a0020")
    assert (fault["after_head"], fault["before_head"]) == (16, 24)
