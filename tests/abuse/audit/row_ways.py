"""List the ways to tamper with the rows of a log; each at a random place, and known where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from runtime.kit.canonical_json import canonical_bytes, digest_bytes
from runtime.kit.json_value import JsonObject
from tests.abuse.audit.forged_log import KINDS, SIZE, SIZES, ForgedLog, a_leaf
from tests.abuse.audit.way import Way, other_hex


def _header(member: str, value: Callable[[ForgedLog, JsonObject], object]) -> Way:
    def act(log: ForgedLog) -> None:
        log.leaf = log.place()
        header = log.leaves[log.leaf]["header"]
        header[member] = value(log, header)

    return Way(name=f"header: another {member}", act=act)


def _another_kind(log: ForgedLog, header: JsonObject) -> str:
    return log.rng.choice([kind for kind in KINDS if kind != header["kind"]])


def _payload(log: ForgedLog) -> None:
    log.leaf = log.place()
    sealed = log.leaves[log.leaf]["payload"]
    place = log.rng.randrange(len(sealed))
    letter = log.rng.choice([item for item in "AZaz09-_" if item != sealed[place]])
    log.leaves[log.leaf]["payload"] = sealed[:place] + letter + sealed[place + 1 :]


def _payload_with_its_digest(log: ForgedLog) -> None:
    _payload(log)
    line = log.leaves[log.leaf or 0]
    line["header"]["payload_digest"] = digest_bytes(line["payload"].encode())


def _document(log: ForgedLog) -> None:
    log.leaf = log.shown()
    log.leaves[log.leaf]["document"]["number"] += log.rng.choice([1, -1, 1000])


def _document_of_another(log: ForgedLog) -> None:
    log.leaf = log.shown()
    other = next(n for n in (log.leaf + 1, log.leaf + 2) if n % 11 != 10)
    line, source = log.leaves[log.leaf], a_leaf(other)
    line["document"], line["salt"] = source["document"], source["salt"]


def _document_hidden(log: ForgedLog) -> None:
    log.leaf = log.shown()
    log.leaves[log.leaf]["document"] = None


def _salt(log: ForgedLog) -> None:
    log.leaf = log.shown()
    log.leaves[log.leaf]["salt"] = other_hex(log, log.leaves[log.leaf]["salt"])


def _stated_hash(log: ForgedLog) -> None:
    log.leaf = log.place()
    log.leaves[log.leaf]["hash"] = other_hex(log, log.leaves[log.leaf]["hash"])


def _swapped_rows(log: ForgedLog) -> None:
    first, second = sorted(log.rng.sample(range(SIZE), 2))
    log.leaves[first], log.leaves[second] = log.leaves[second], log.leaves[first]
    log.leaf = first


def _swapped_payloads(log: ForgedLog) -> None:
    first, second = sorted(log.rng.sample(range(SIZE), 2))
    one, other = log.leaves[first], log.leaves[second]
    one["payload"], other["payload"] = other["payload"], one["payload"]
    log.leaf = first


def _swapped_and_renumbered(log: ForgedLog) -> None:
    _swapped_rows(log)
    for number, line in enumerate(log.leaves):
        line["leaf"] = number


def _first_rows_deleted(log: ForgedLog) -> None:
    del log.leaves[: log.place(first=1)]
    log.leaf = 0


def _middle_row_deleted(log: ForgedLog) -> None:
    log.leaf = log.place(most=SIZE - 2)
    del log.leaves[log.leaf]


def _middle_row_deleted_and_renumbered(log: ForgedLog) -> None:
    _middle_row_deleted(log)
    for number, line in enumerate(log.leaves):
        line["leaf"] = number
    log.heads.pop(SIZE, None)


def _tail_deleted(log: ForgedLog) -> None:
    log.leaf = log.place(first=SIZES[0])
    log.cut(log.leaf)


def _back_dated(log: ForgedLog) -> None:
    log.leaf = log.place()
    log.leaves.insert(log.leaf, a_leaf(log.leaf, letter="z"))
    for number, line in enumerate(log.leaves):
        line["leaf"] = number


def _duplicated(log: ForgedLog) -> None:
    place = log.place()
    log.leaves.insert(place, log.leaves[place])
    log.leaf = place + 1


def _renumbered_row(log: ForgedLog) -> None:
    log.leaf = log.place()
    log.leaves[log.leaf]["leaf"] += log.rng.choice([1, -1, 7])


def _of_another_organization(log: ForgedLog) -> None:
    log.leaf = log.place()
    log.leaves[log.leaf] = a_leaf(log.leaf, organization="org_theirs")


def _member_twice(log: ForgedLog) -> None:
    log.leaf = place = log.place()

    def respelled(export: bytes) -> bytes:
        lines = export.split(b"\n")
        index = next(i for i, line in enumerate(lines) if b'"leaf":%d,' % place in line)
        lines[index] = lines[index].replace(b'"header":{', b'"header":{"kind":"nothing.done",')
        return b"\n".join(lines)

    log.respelled = respelled


def _truncated(log: ForgedLog) -> None:
    whole = b"".join(canonical_bytes(line) + b"\n" for line in log.lines())
    start = whole.index(b"\n") + 1
    cut = log.rng.randint(start, len(whole) - 3)
    log.respelled = lambda export: export[:cut]
    log.leaf = sum(b'"leaf":' in line for line in whole[: cut + 1].split(b"\n")[:-1])


def _followed(log: ForgedLog) -> None:
    log.leaf, extra = SIZE, canonical_bytes(a_leaf(SIZE)) + b"\n"
    log.respelled = lambda export: export + extra * log.rng.randint(1, 3)


def _miscounted(log: ForgedLog) -> None:
    log.leaf, told = SIZE, canonical_bytes({"end": SIZE, "heads": len(SIZES)})
    wrong = {"end": SIZE, "heads": len(SIZES) + log.rng.choice([-2, -1, 1, 2])}
    log.respelled = lambda export: export.replace(told, canonical_bytes(wrong))


ROW_WAYS: Final = (
    _header("kind", _another_kind),
    _header("principal", lambda log, _: f"usr_{log.rng.randrange(10, 99)}"),
    _header("project", lambda log, _: f"prj_{log.rng.randrange(10, 99)}"),
    _header("at", lambda log, _: f"2026-11-29T00:00:{log.rng.randrange(10, 60)}.000000Z"),
    _header("id", lambda log, _: f"aud_{log.rng.randrange(10**6)}"),
    _header("key", lambda log, _: f"apk_{log.rng.randrange(10**6)}"),
    _header("organization", lambda log, _: f"org_{log.rng.randrange(10**6)}"),
    _header("v", lambda log, _: log.rng.choice([0, 2, "1", None])),
    _header("payload_digest", lambda log, _: digest_bytes(log.rng.randbytes(4))),
    _header("commitment", lambda log, header: other_hex(log, header["commitment"])),
    Way(name="payload", act=_payload),
    Way(name="payload and its digest", act=_payload_with_its_digest),
    Way(name="document", act=_document),
    Way(name="document and salt of another leaf", act=_document_of_another),
    Way(name="document hidden", act=_document_hidden),
    Way(name="salt", act=_salt),
    Way(name="stated hash", act=_stated_hash),
    Way(name="two rows swapped", act=_swapped_rows),
    Way(name="two payloads swapped", act=_swapped_payloads),
    Way(name="two rows swapped and renumbered", act=_swapped_and_renumbered, alone=False),
    Way(name="first rows deleted", act=_first_rows_deleted),
    Way(name="middle row deleted", act=_middle_row_deleted),
    Way(
        name="middle row deleted, rest renumbered",
        act=_middle_row_deleted_and_renumbered,
        alone=False,
    ),
    Way(name="tail deleted", act=_tail_deleted, alone=False),
    Way(name="back-dated row", act=_back_dated, alone=False),
    Way(name="row twice", act=_duplicated),
    Way(name="row renumbered", act=_renumbered_row),
    Way(name="row of another organization", act=_of_another_organization),
    Way(name="member twice", act=_member_twice),
    Way(name="file truncated", act=_truncated),
    Way(name="more behind the end", act=_followed),
    Way(name="wrong count of heads", act=_miscounted),
)
