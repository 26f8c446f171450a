"""What is rightly signed, hashed and counted may still be wrong: each rule is held for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from runtime.kit.canonical_json import canonical_bytes
from tests.abuse.audit.forged_log import (
    FIRST,
    SECOND,
    SIZES,
    STRANGER,
    ForgedLog,
    Verdict,
    a_leaf,
    signers,
    verdict_on,
)
from tests.audit_exports import BEGIN, heads_of, unpadded


def _alone(log: ForgedLog, folder: Path) -> Verdict:
    return verdict_on(log, folder, anchored=False)


def test_a_member_that_nobody_hashed_is_refused(tmp_path: Path) -> None:
    """A note beside a leaf would be read as part of it."""
    log = ForgedLog(rng=Random(0))
    log.leaves[9]["note"] = "approved"
    fault = _alone(log, tmp_path).report["fault"]
    assert (fault["leaf"], fault["problem"]) == (9, "it has not the members of a leaf")


def test_a_leaf_of_another_form_is_refused(tmp_path: Path) -> None:
    """Whoever knows form 1 only does not judge form 2, however rightly it is signed."""
    log = ForgedLog(rng=Random(0))
    log.leaves[9]["header"]["v"] = 2
    log.rewrite(log.leaves)
    assert _alone(log, tmp_path).report["fault"]["leaf"] == 9


def test_a_leaf_of_another_organization_is_refused_though_signed(tmp_path: Path) -> None:
    """No log holds what another organization did."""
    log = ForgedLog(rng=Random(0))
    log.rewrite([*log.leaves[:9], a_leaf(9, organization="org_theirs"), *log.leaves[10:]])
    fault = _alone(log, tmp_path).report["fault"]
    assert (fault["leaf"], fault["problem"]) == (9, "it belongs to organization org_theirs")


def test_a_head_of_another_organization_is_refused(tmp_path: Path) -> None:
    """One platform signs many logs with one key: a head counts for its own only."""
    log = ForgedLog(rng=Random(0))
    log.heads |= heads_of(log.leaves, {24: signers(SIZES)[24]}, organization="org_theirs")
    fault = _alone(log, tmp_path).report["fault"]
    assert fault["before_head"] == 24
    assert "belongs to organization org_theirs" in fault["problem"]


def test_a_key_under_a_name_of_another_is_refused(tmp_path: Path) -> None:
    """The id of a key follows from it, so that a head can't be laid at another key's door."""
    log = ForgedLog(rng=Random(0))
    named = replace(SECOND.epoch(after=FIRST), key_id="ak_0000000000000000")
    endorsed = unpadded(FIRST.private.sign(named.endorsed_bytes()))
    log.epochs[1] = replace(named, endorsement=endorsed).document()
    answer = _alone(log, tmp_path)
    assert answer.code == 1
    assert "its id is not that of a new key" in answer.report["problem"]


def _without_its_last_line(export: bytes) -> bytes:
    return export[: export.rstrip(b"\n").rindex(b"\n") + 1]


def _with_a_head_twice(export: bytes) -> bytes:
    lines = export.split(b"\n")
    place = next(number for number, line in enumerate(lines) if b'"head":{' in line)
    return b"\n".join([*lines[: place + 1], lines[place], *lines[place + 1 :]])


@pytest.mark.parametrize(
    ("respelled", "problem"),
    [
        pytest.param(_without_its_last_line, "breaks off before this leaf", id="no end"),
        pytest.param(_with_a_head_twice, "it stands behind 7 leaves and a head of 7", id="twice"),
    ],
)
def test_lines_are_there_once(
    respelled: Callable[[bytes], bytes], problem: str, tmp_path: Path
) -> None:
    """An export that ends too early, between two lines, is as truncated as any; a head is one."""
    log = ForgedLog(rng=Random(0), respelled=respelled)
    answer = _alone(log, tmp_path)
    assert answer.code == 1
    assert problem in answer.report["problem"]


def test_a_rewrite_before_all_anchors_is_narrowed_to_what_they_cover(tmp_path: Path) -> None:
    """If the first anchors are lost, the later ones still show that something before is another."""
    log = ForgedLog(rng=Random(0))
    del log.anchors[7]
    log.rewrite([*log.leaves[:3], a_leaf(3, letter="f"), *log.leaves[4:]])
    fault = verdict_on(log, tmp_path).report["fault"]
    assert "one of these leaves is another one" in fault["problem"]
    assert (fault["after_head"], fault["before_head"]) == (7, 16)


def test_the_head_above_the_last_leaf_can_not_be_dropped(tmp_path: Path) -> None:
    """An anchor proves that it was signed."""
    log = ForgedLog(rng=Random(0))
    del log.heads[SIZES[-1]]
    assert _alone(log, tmp_path).code == 0
    fault = verdict_on(log, tmp_path).report["fault"]
    assert (fault["before_head"], fault["after_head"]) == (SIZES[-1], SIZES[-2])


def test_two_views_of_a_log_are_found_whichever_is_shown(tmp_path: Path) -> None:
    """Who shows one log to some and another to others is found by whoever has both anchors."""
    views = [ForgedLog(rng=Random(0)), ForgedLog(rng=Random(0))]
    views[1].rewrite([*views[1].leaves[:12], *(a_leaf(n, letter="f") for n in range(12, 48))])
    for shown, other in (views, views[::-1]):
        folder = tmp_path / str(shown is views[0])
        (folder / "sink" / "other").mkdir(parents=True)
        head = heads_of(other.leaves, {24: signers(SIZES)[24]})[24]
        hashes = [line["hash"] for line in other.leaves[7:24]]
        anchor = {
            "format": "plangate-audit-anchor/1", "head": head, "from": 7, "leaves": hashes
        }  # fmt: skip
        (folder / "sink" / "other" / "24.json").write_bytes(canonical_bytes(anchor))
        shown.anchors = {7: ForgedLog(rng=Random(0)).anchors[7]}
        fault = verdict_on(shown, folder).report["fault"]
        assert (fault["leaf"], fault["after_head"]) == (12, 7)


def test_a_stranger_can_not_endorse(tmp_path: Path) -> None:
    """A new key counts only if the key before it signed, and it is the last before."""
    log = ForgedLog(rng=Random(0))
    log.epochs.append(STRANGER.epoch(after=FIRST, begins_at=BEGIN).document())
    answer = _alone(log, tmp_path)
    assert answer.code == 1
    assert "endorsed by" in answer.report["problem"]


@pytest.mark.parametrize("letters", ["!", "=", "\n", " "])
def test_a_signature_has_one_spelling(letters: str, tmp_path: Path) -> None:
    """Letters that a lenient reader would skip make it another text than the one signed."""
    log = ForgedLog(rng=Random(0))
    log.heads[24]["signature"] += letters
    answer = _alone(log, tmp_path)
    assert answer.code == 1
    assert answer.report["fault"]["after_head"] == 16


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_found(data: st.DataObject, tmp_path: Path) -> None:
    """Behind the first line no byte means nothing, and none of them makes the verifier stumble."""

    def respelled(export: bytes) -> bytes:
        place = data.draw(st.integers(export.index(b"\n") + 1, len(export) - 2))
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != export[place]))
        changed = export[:place] + bytes([other]) + export[place + 1 :]
        assume(changed.lower() != export.lower())  # a salt in capital letters is the same salt
        return changed

    assert _alone(ForgedLog(rng=Random(0), respelled=respelled), tmp_path).code == 1
