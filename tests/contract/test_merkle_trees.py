"""Our trees are those of pymerkle, which others wrote from the same RFC."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.domain.merkle import (
    Frontier,
    Subtree,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_inclusion,
)

pymerkle = pytest.importorskip("pymerkle", reason="runs where pymerkle is installed")

SIZE: Final = 70
ENTRIES: Final = tuple(b"%d" % number for number in range(SIZE))


def test_roots_and_paths_are_the_same() -> None:
    """At each size the root is the same, and of each leaf the path to it."""
    theirs, frontier = pymerkle.InmemoryTree(algorithm="sha256"), Frontier()
    hashes: dict[Subtree, bytes] = {}
    for size, entry in enumerate(ENTRIES, start=1):
        theirs.append_entry(entry)
        frontier = frontier.with_leaf(leaf_hash(entry))
        hashes[Subtree(0, size - 1)] = leaf_hash(entry)
        for level in range(1, (size & -size).bit_length()):
            index = (size >> level) - 1
            pair = [hashes[Subtree(level - 1, 2 * index + side)] for side in (0, 1)]
            hashes[Subtree(level, index)] = node_hash(*pair)
        assert theirs.get_root(size) == frontier.root()
        for index in range(size):
            leaf, *path = map(bytes.fromhex, theirs.prove_inclusion(index + 1).serialize()["path"])
            assert inclusion_proof(index, size, hashes) == tuple(path)
            assert verify_inclusion(leaf, index=index, size=size, proof=path, root=frontier.root())
