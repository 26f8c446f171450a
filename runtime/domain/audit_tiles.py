"""Keep of a tree only its tiles: the hashes of complete subtrees at every eighth level.

From tiles and leaf hashes any complete subtree is hashed again out of at most 128 hashes. A tree of
a log grows by whole batches: `grown` says which tiles a batch completes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.merkle import Frontier, Subtree

TILE_LEVELS: Final = 8
_OF_TILE: Final = 1 << TILE_LEVELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Hold what a tree is after a batch of leaves.

    Attributes:
        frontier: of the tree with them.
        tiles: the hashes of complete subtrees, at levels that are multiples of `TILE_LEVELS`, which
            the batch completed.
    """

    frontier: Frontier
    tiles: Mapping[Subtree, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashRow:
    """Name hashes of neighbours at a level that is stored: leaves at 0, or tiles.

    Attributes:
        level: a multiple of `TILE_LEVELS`.
        first: the index of the first one.
        count: how many, at most 128.
    """

    level: int
    first: int
    count: int


def grown(frontier: Frontier, leaves: Sequence[bytes]) -> Growth:
    """Return what a tree is after more leaf hashes, in order."""
    size = frontier.size + len(leaves)
    tiles: dict[Subtree, bytes] = {}
    tops: tuple[bytes, ...] = ()
    level, added = 0, leaves
    while added or frontier.size >> level:
        begun = frontier.size >> level
        part = _part_of(frontier, level)
        full: list[bytes] = []
        start = 0
        while len(added) - start >= _OF_TILE - part.size:
            end = start + _OF_TILE - part.size
            full += part.with_leaves(added[start:end]).hashes
            part, start = Frontier(), end
        tops = part.with_leaves(added[start:]).hashes + tops
        level += TILE_LEVELS
        first = begun >> TILE_LEVELS
        tiles |= {Subtree(level, first + place): top for place, top in enumerate(full)}
        added = full
    return Growth(frontier=Frontier(size, tops), tiles=tiles)


def row_of(subtree: Subtree) -> HashRow:
    """Return the stored hashes that a complete subtree is hashed from."""
    height = subtree.level % TILE_LEVELS
    return HashRow(level=subtree.level - height, first=subtree.index << height, count=1 << height)


def top_of(hashes: Iterable[bytes]) -> bytes:
    """Return the hash of a complete subtree from those of its row.

    Raises:
        ValueError: their number is no power of two.
    """
    tops = Frontier().with_leaves(hashes).hashes
    if len(tops) != 1:
        raise ValueError(f"hashes make {len(tops)} complete subtrees, expected one")
    return tops[0]


def _part_of(frontier: Frontier, level: int) -> Frontier:
    """Return the frontier of the tile that is being filled above some level.

    Its leaves are the hashes at that level which no complete tile covers yet.
    """
    size = (frontier.size >> level) % _OF_TILE
    end = len(frontier.hashes) - (frontier.size % (1 << level)).bit_count()
    return Frontier(size, frontier.hashes[end - size.bit_count() : end])
