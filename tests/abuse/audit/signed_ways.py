"""List the ways to tamper with what is signed: heads, keys, anchors, and whole logs again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject
from tests.abuse.audit.forged_log import (
    FIRST,
    SECOND,
    SIZE,
    SIZES,
    STRANGER,
    SUCCEEDED,
    ForgedLog,
    a_leaf,
    signers,
)
from tests.abuse.audit.way import Way, other_hex
from tests.audit_exports import OURS, heads_of, unpadded


def _older_head(log: ForgedLog) -> None:
    log.below = log.rng.choice(SIZES[1:])
    older = [size for size in SIZES if size < log.below]
    log.heads[log.below] = log.heads[log.rng.choice(older)]


def _head_dropped(log: ForgedLog) -> None:
    log.below = log.head()
    del log.heads[log.below]


def _head_moved(log: ForgedLog) -> None:
    moved = log.rng.choice([size for size in SIZES if size - 1 not in SIZES])
    log.heads[moved - 1] = log.heads.pop(moved)
    log.below = moved - 1


def _signature(log: ForgedLog) -> None:
    log.below = log.head()
    other = STRANGER.private.sign(log.rng.randbytes(8))
    log.heads[log.below]["signature"] = unpadded(other)


def _head_member(member: str, value: Callable[[ForgedLog, JsonObject], object]) -> Way:
    def act(log: ForgedLog) -> None:
        log.below = log.head()
        head = log.heads[log.below]
        head[member] = value(log, head)

    return Way(name=f"head: another {member}", act=act)


def _head_signed_again(log: ForgedLog) -> None:
    """Sign the same tree once more with the right key, at another moment."""
    log.below = log.head()
    again = heads_of(log.leaves, {log.below: signers(SIZES)[log.below]})[log.below]
    head = {**again, "at": "2026-11-30T12:00:00.000000Z"}
    log.heads[log.below] = _signed(head, log.below)


def _signed(head: JsonObject, size: int) -> JsonObject:
    said = {name: head[name] for name in ("organization", "size", "root", "at")}
    message = b"plangate/audit/head/1\n" + canonical_bytes(said)
    return {**head, "signature": unpadded(signers(SIZES)[size].private.sign(message))}


def _by_a_succeeded_key(log: ForgedLog) -> None:
    log.below = log.rng.choice([size for size in SIZES if size > SUCCEEDED])
    log.heads |= heads_of(log.leaves, {log.below: FIRST})


def _by_a_key_of_nobody(log: ForgedLog) -> None:
    log.below = log.head()
    log.heads |= heads_of(log.leaves, {log.below: STRANGER})


def _epoch_without_endorsement(log: ForgedLog) -> None:
    stolen = STRANGER.epoch(after=SECOND).document()
    log.epochs.append({**stolen, "endorsement": log.rng.choice([None, unpadded(bytes(64))])})
    _new_after(log, log.place())
    log.leaf, log.word = None, "did not endorse it"


def _epoch_endorsed_by_itself(log: ForgedLog) -> None:
    log.epochs.append(STRANGER.epoch(after=STRANGER).document())
    log.word = "endorsed by"


def _epoch_member(member: str, value: Callable[[ForgedLog, JsonObject], object]) -> Way:
    def act(log: ForgedLog) -> None:
        log.epochs[1][member] = value(log, log.epochs[1])
        log.word = "key"

    return Way(name=f"epoch: another {member}", act=act)


def _another_first_key(log: ForgedLog) -> None:
    log.epochs = [STRANGER.epoch().document()]
    log.heads = heads_of(log.leaves, dict.fromkeys(SIZES, STRANGER))
    log.word = "not the one of --key"


def _new_after(log: ForgedLog, place: int) -> None:
    """Let other records follow from a place on, as many as there were."""
    log.leaf = place
    log.rewrite([*log.leaves[:place], *(a_leaf(n, letter="f") for n in range(place, SIZE))])


def _fork(log: ForgedLog) -> None:
    _new_after(log, log.place())


def _rollback(log: ForgedLog) -> None:
    log.leaf = log.rng.choice(SIZES[:-1])
    log.cut(log.leaf)


def _one_rewritten(log: ForgedLog) -> None:
    log.leaf = place = log.place()
    log.rewrite([*log.leaves[:place], a_leaf(place, letter="f"), *log.leaves[place + 1 :]])


def _one_deleted_and_all_rewritten(log: ForgedLog) -> None:
    log.leaf = log.place(most=SIZE - 2)
    log.rewrite([line for line in log.leaves if line["leaf"] != log.leaf])


def _rewritten_by_a_stranger(log: ForgedLog) -> None:
    log.leaf = place = log.place()
    leaves = [*log.leaves[:place], *(a_leaf(n, letter="f") for n in range(place, SIZE))]
    log.rewrite(leaves, by=STRANGER)


def _rewritten_below_old_heads(log: ForgedLog) -> None:
    heads = log.heads
    _one_rewritten(log)
    log.heads = heads


def _anchored_leaf(log: ForgedLog) -> None:
    log.leaf = log.place()
    anchor = next(log.anchors[size] for size in SIZES if size > log.leaf)
    place = log.leaf - anchor["from"]
    anchor["leaves"][place] = other_hex(log, anchor["leaves"][place])


def _anchored_head(log: ForgedLog) -> None:
    size = log.head()
    log.anchors[size]["head"]["root"] = other_hex(log, log.anchors[size]["head"]["root"])
    log.word = f"{size:012}.json: its signature"


def _anchored_leaves_cut(log: ForgedLog) -> None:
    size = log.head()
    log.anchors[size]["leaves"].pop()
    log.word = f"{size:012}.json: it has not the leaves"


SIGNED_WAYS: Final = (
    Way(name="head replaced by an older one", act=_older_head),
    Way(name="head dropped", act=_head_dropped, alone=False),
    Way(name="head moved", act=_head_moved, alone=False),
    Way(name="signature replaced", act=_signature),
    _head_member("root", lambda log, head: other_hex(log, head["root"])),
    _head_member("at", lambda log, _: f"2026-11-30T12:00:{log.rng.randrange(10, 60)}.000000Z"),
    _head_member("size", lambda log, head: head["size"] + log.rng.choice([-1, 1, 5])),
    _head_member("key", lambda log, head: log.rng.choice(["ak_none", head["key"][:-1]])),
    _head_member("organization", lambda *_: f"{OURS}2"),
    Way(name="head signed again", act=_head_signed_again, alone=False),
    Way(name="head by a succeeded key", act=_by_a_succeeded_key),
    Way(name="head by a key without epoch", act=_by_a_key_of_nobody),
    Way(name="stolen key, epoch without endorsement", act=_epoch_without_endorsement),
    Way(name="epoch that endorses itself", act=_epoch_endorsed_by_itself),
    _epoch_member("begins_at", lambda log, _: f"2026-11-30T10:00:{log.rng.randrange(10, 60)}Z"),
    _epoch_member("public_key", lambda *_: unpadded(STRANGER.public)),
    _epoch_member("endorsement", lambda log, _: unpadded(log.rng.randbytes(64))),
    _epoch_member("endorsed_by", lambda log, _: f"ak_{log.rng.randrange(10**6)}"),
    _epoch_member("key", lambda log, _: f"ak_{log.rng.randrange(10**6)}"),
    Way(name="all signed by another first key", act=_another_first_key),
    Way(name="fork: rolled back, new history signed", act=_fork, alone=False),
    Way(name="rollback", act=_rollback, alone=False),
    Way(name="one rewritten, all signed again", act=_one_rewritten, alone=False),
    Way(name="one deleted, all signed again", act=_one_deleted_and_all_rewritten, alone=False),
    Way(name="rewritten by a stranger", act=_rewritten_by_a_stranger, alone=False),
    Way(name="rewritten below old heads", act=_rewritten_below_old_heads, alone=False),
    Way(name="leaf in an anchor", act=_anchored_leaf, alone=False),
    Way(name="head in an anchor", act=_anchored_head, alone=False),
    Way(name="leaves of an anchor cut", act=_anchored_leaves_cut, alone=False),
)
