"""Trees, frontiers and proofs are those of RFC 6962, and an altered proof proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Subtree,
    consistency_needs,
    consistency_proof,
    frontier_needs,
    inclusion_needs,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

MOST: Final = 300
LEAVES: Final = tuple(leaf_hash(b"%d" % number) for number in range(MOST))
# Source: the reference tests of Certificate Transparency, merkle_tree_test.
KNOWN_LEAVES: Final = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
KNOWN_ROOTS: Final = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
KNOWN_INCLUSION: Final = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
KNOWN_CONSISTENCY: Final = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


@cache
def _tree(start: int, end: int) -> bytes:
    """Return MTH(D[start:end]) as RFC 6962 §2.1 defines it."""
    if end - start == 1:
        return LEAVES[start]
    middle = start + _split(end - start)
    return sha256(b"\x01" + _tree(start, middle) + _tree(middle, end)).digest()


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def _path(index: int, start: int, end: int) -> tuple[bytes, ...]:
    """Return PATH(index, D[start:end]) as RFC 6962 §2.1.1 defines it."""
    if end - start == 1:
        return ()
    middle = start + _split(end - start)
    if start + index < middle:
        return (*_path(index, start, middle), _tree(middle, end))
    return (*_path(index - (middle - start), middle, end), _tree(start, middle))


def _subproof(first: int, start: int, end: int, *, whole: bool) -> tuple[bytes, ...]:
    """Return SUBPROOF(first, D[start:end], whole) as RFC 6962 §2.1.2 defines it."""
    if first == end - start:
        return () if whole else (_tree(start, end),)
    split = _split(end - start)
    middle = start + split
    if first <= split:
        return (*_subproof(first, start, middle, whole=whole), _tree(middle, end))
    return (*_subproof(first - split, middle, end, whole=False), _tree(start, middle))


def _hashes(leaves: tuple[bytes, ...]) -> Mapping[Subtree, bytes]:
    """Return the hashes of all complete subtrees."""
    hashes = {Subtree(0, index): leaf for index, leaf in enumerate(leaves)}
    for level in range(1, len(leaves).bit_length()):
        for index in range(len(leaves) >> level):
            pair = [hashes[Subtree(level - 1, 2 * index + side)] for side in (0, 1)]
            hashes[Subtree(level, index)] = node_hash(*pair)
    return hashes


HASHES: Final = _hashes(LEAVES)


def test_roots_are_the_published_ones() -> None:
    """The reference tests of Certificate Transparency have the same roots."""
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT == sha256(b"").digest()
    for leaf, root in zip(KNOWN_LEAVES, KNOWN_ROOTS, strict=True):
        frontier = frontier.with_leaf(leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == root


def test_proofs_are_the_published_ones() -> None:
    """The reference tests of Certificate Transparency have the same proofs."""
    hashes = _hashes(tuple(leaf_hash(bytes.fromhex(leaf)) for leaf in KNOWN_LEAVES))
    for (index, size), known in KNOWN_INCLUSION.items():
        proof = inclusion_proof(index, size, hashes)
        assert tuple(item.hex() for item in proof) == known
    for (first, second), expected in KNOWN_CONSISTENCY.items():
        proof = consistency_proof(first, second, hashes)
        assert tuple(item.hex() for item in proof) == expected


def test_each_leaf_of_each_tree_is_proven() -> None:
    """Every inclusion proof is the one that the recursion of the RFC makes, and verifies."""
    for size in range(1, MOST + 1):
        root = _tree(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, HASHES)
            assert proof == _path(index, 0, size)
            assert verify_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=root)


def test_each_tree_begins_with_each_before() -> None:
    """Every consistency proof is the one that the recursion of the RFC makes, and verifies."""
    for second in range(1, MOST + 1):
        for first in range(1, second + 1):
            proof = consistency_proof(first, second, HASHES)
            assert proof == _subproof(first, 0, second, whole=True)
            assert verify_consistency(
                first,
                second,
                first_root=_tree(0, first),
                second_root=_tree(0, second),
                proof=proof,
            )


def test_a_frontier_grows_to_the_same_root_in_any_steps() -> None:
    """Leaf by leaf or many at once, the root is that of the RFC."""
    whole = Frontier().with_leaves(LEAVES)
    for size in range(1, MOST + 1):
        grown = Frontier().with_leaves(LEAVES[:size])
        assert grown.root() == _tree(0, size)
        assert grown.with_leaves(LEAVES[size:]) == whole


@given(st.data())
def test_only_what_is_needed_is_asked_for(data: st.DataObject) -> None:
    """A proof needs the hashes that were named, all of them and no others."""
    size = data.draw(st.integers(1, MOST))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    for needs, place, prove in (
        (inclusion_needs(index, size), index, inclusion_proof),
        (consistency_needs(first, size), first, consistency_proof),
    ):
        enough = {need: HASHES[need] for need in needs}
        prove(place, size, enough)
        for need in needs:
            with pytest.raises(KeyError):
                prove(place, size, {key: value for key, value in enough.items() if key != need})


def _altered(data: st.DataObject, proof: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return a proof with one hash changed, dropped, doubled or exchanged."""
    items = list(proof)
    place = data.draw(st.integers(0, len(items)))
    way = data.draw(st.sampled_from(("add", "change", "drop", "exchange")))
    if way == "add" or place == len(items):
        items.insert(place, data.draw(st.sampled_from(LEAVES)))
    elif way == "change":
        bit = data.draw(st.integers(0, 255))
        changed = int.from_bytes(items[place], "big") ^ (1 << bit)
        items[place] = changed.to_bytes(32, "big")
    elif way == "drop" or len(items) == 1:
        del items[place]
    else:
        items[place], items[place - 1] = items[place - 1], items[place]
    return tuple(items)


@given(st.data())
def test_an_altered_inclusion_proof_never_verifies(data: st.DataObject) -> None:
    """Neither another proof, nor another leaf, nor another place is believed."""
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, size, HASHES), _tree(0, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))

    def fits(leaf: bytes, place: int, items: tuple[bytes, ...], top: bytes) -> bool:
        return verify_inclusion(leaf, index=place, size=size, proof=items, root=top)

    assert not fits(LEAVES[index], index, _altered(data, proof), root)
    assert not fits(LEAVES[other], index, proof, root)
    assert not fits(LEAVES[index], other, proof, root)
    assert not fits(LEAVES[index], size, proof, root)
    assert not fits(LEAVES[index], index, proof, _tree(0, size - 1))


@given(st.data())
def test_an_altered_consistency_proof_never_verifies(data: st.DataObject) -> None:
    """Neither another proof nor another root is believed."""
    second = data.draw(st.integers(3, MOST))
    first = data.draw(st.integers(1, second - 1))
    proof = consistency_proof(first, second, HASHES)
    roots = {"first_root": _tree(0, first), "second_root": _tree(0, second)}

    assert not verify_consistency(first, second, **roots, proof=_altered(data, proof))
    for name in roots:
        others = {**roots, name: _tree(0, second - 1 if first != second - 1 else second - 2)}
        assert not verify_consistency(first, second, **others, proof=proof)
    assert not verify_consistency(second, first, **roots, proof=proof)


def test_the_empty_tree_begins_every_tree() -> None:
    """No proof is needed for it, none is taken, and the root must be that of the empty tree."""
    root = _tree(0, 5)
    assert consistency_proof(0, 5, HASHES) == ()
    assert verify_consistency(0, 5, first_root=EMPTY_ROOT, second_root=root, proof=())
    assert not verify_consistency(0, 5, first_root=root, second_root=root, proof=())
    assert not verify_consistency(0, 5, first_root=EMPTY_ROOT, second_root=root, proof=(root,))
    assert not verify_consistency(5, 5, first_root=EMPTY_ROOT, second_root=root, proof=())


def test_what_is_no_tree_is_refused() -> None:
    """A frontier has a hash for each 1 in its size; a proof is about leaves that are there."""
    for size, hashes in ((1, ()), (2, LEAVES[:2]), (-1, LEAVES[:1])):
        with pytest.raises(ValueError, match="can't have"):
            Frontier(size, hashes)
    with pytest.raises(ValueError, match="has no leaf 3"):
        inclusion_needs(3, 3)
    with pytest.raises(ValueError, match="does not begin with"):
        consistency_needs(4, 3)


@pytest.mark.parametrize("size", [*range(20), 255, 256, 299])
def test_a_frontier_is_made_of_the_subtrees_that_are_named(size: int) -> None:
    """The largest first, side by side."""
    tops = [
        Frontier().with_leaves(LEAVES[part.index << part.level : part.index + 1 << part.level])
        for part in frontier_needs(size)
    ]

    whole = Frontier(size, tuple(top.root() for top in tops))
    assert whole == Frontier().with_leaves(LEAVES[:size])
