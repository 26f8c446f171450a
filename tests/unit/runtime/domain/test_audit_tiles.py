"""Tiles and frontier are those of the whole tree, however it grew."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.audit_tiles import HashRow, grown, row_of, top_of
from runtime.domain.merkle import Frontier, Subtree

LEAVES = [sha256(number.to_bytes(4)).digest() for number in range(70_000)]
WHOLE = Frontier().with_leaves(LEAVES)


def root_of(subtree: Subtree) -> bytes:
    """Return the hash of a complete subtree from its leaves."""
    width = 1 << subtree.level
    part = LEAVES[subtree.index * width : (subtree.index + 1) * width]
    return Frontier().with_leaves(part).root()


@given(cuts=st.lists(st.integers(0, 1_100), max_size=12))
def test_batches_of_any_size_make_the_same_tree(cuts: list[int]) -> None:
    """Each tile comes once, with the batch that completes it, and is the subtree's hash."""
    sizes = sorted({0, *cuts, 1_100})
    frontier, tiles = Frontier(), dict[Subtree, bytes]()
    for start, end in pairwise(sizes):
        growth = grown(frontier, LEAVES[start:end])
        assert not tiles.keys() & growth.tiles.keys()
        tiles |= growth.tiles
        frontier = growth.frontier
        assert frontier == Frontier().with_leaves(LEAVES[:end])
    assert tiles == {Subtree(8, index): root_of(Subtree(8, index)) for index in range(4)}


def test_tiles_of_tiles_are_kept_as_well() -> None:
    """A tree of more than 65,536 leaves has one of the sixteenth level."""
    before = grown(Frontier(), LEAVES[:65_000])
    after = grown(before.frontier, LEAVES[65_000:])

    assert after.frontier == WHOLE
    levels = [subtree.level for subtree in (*before.tiles, *after.tiles)]
    assert (levels.count(8), levels.count(16)) == (273, 1)
    assert after.tiles[Subtree(16, 0)] == root_of(Subtree(16, 0))


def test_nothing_more_changes_nothing() -> None:
    """A batch without leaves is none."""
    growth = grown(WHOLE, [])
    assert (growth.frontier, growth.tiles) == (WHOLE, {})


@pytest.mark.parametrize(
    ("subtree", "row"),
    [
        pytest.param(Subtree(0, 7), HashRow(level=0, first=7, count=1), id="a leaf"),
        pytest.param(Subtree(7, 1), HashRow(level=0, first=128, count=128), id="half a tile"),
        pytest.param(Subtree(8, 3), HashRow(level=8, first=3, count=1), id="a tile"),
        pytest.param(Subtree(10, 1), HashRow(level=8, first=4, count=4), id="four tiles"),
        pytest.param(Subtree(16, 0), HashRow(level=16, first=0, count=1), id="a tile of tiles"),
    ],
)
def test_a_subtree_is_hashed_from_what_is_stored_below_it(subtree: Subtree, row: HashRow) -> None:
    """From leaves below the eighth level, else from tiles."""
    assert row_of(subtree) == row
    hashes = [root_of(Subtree(row.level, row.first + place)) for place in range(row.count)]
    assert top_of(hashes) == root_of(subtree)


@pytest.mark.parametrize("count", [0, 3])
def test_hashes_of_no_complete_subtree_have_no_top(count: int) -> None:
    """They are missing some."""
    with pytest.raises(ValueError, match="expected one"):
        top_of(LEAVES[:count])
