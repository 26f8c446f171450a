"""Judge an organization's copies with none of the platform's readers but the hash of a leaf."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import orjson

from runtime.domain.audit_leaf import leaf_of_header
from runtime.kit.canonical_json import digest_bytes
from tests.database import Connection
from tests.worm import WormFiles


@dataclass(slots=True)
class Kept:
    """Hold what a sink's files hold: lines by the object that they are in."""

    lines: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    broken: int = 0


def kept_in(sink: WormFiles) -> Kept:
    """Read a sink's files without any of our readers but the hash of a leaf."""
    kept = Kept()
    for path in sink.objects():
        name, _, digest = path.relative_to(sink.folder).as_posix().rpartition(".")
        body = path.read_bytes()
        if digest_bytes(body) != f"sha256:{digest}" or digest not in name:
            kept.broken += 1
            continue
        kept.lines[name] = []
        for line in map(orjson.loads, body.splitlines()):
            payload = digest_bytes(line["payload"].encode())
            leaf = leaf_of_header(line["header"]).hex()
            whole = payload == line["header"]["payload_digest"]
            kept.lines[name].append((line["header"]["id"], leaf if whole else "altered"))
    return kept


async def verdict(
    superuser: Connection, organization: str, *, done: Collection[str], kept: Kept
) -> list[str]:
    """Return what is wrong with an organization: copies that lack or differ, unmarked orphans.

    `done` are the outcomes that were acknowledged.
    """
    leaves = {
        row["id"]: row["hash"]
        for row in await superuser.fetch(
            "select id, hash from audit_leaves where organization_id = $1 and kind like 'plan.%'",
            organization,
        )
    }
    copies = await superuser.fetch(
        "select record_id, name, leaf from audit_copies where organization_id = $1", organization
    )
    proven = {
        row["record_id"]
        for row in copies
        if (row["record_id"], leaves.get(row["record_id"])) in kept.lines.get(row["name"], ())
    }
    acknowledged = {"aud_" + outcome.rpartition("_")[2] for outcome in done}
    orphans = {
        (name, number)
        for name, lines in kept.lines.items()
        for number, (record, leaf) in enumerate(lines)
        if leaves.get(record) != leaf
    }
    marked = await superuser.fetch(
        "select name, line from audit_orphans where organization_id = $1", organization
    )
    told = await superuser.fetchval(
        "select count(*) from audit_records "
        "where organization_id = $1 and kind = 'audit.orphan_marked'",
        organization,
    )
    wrong = {
        "acknowledged without a record": len(acknowledged - leaves.keys()),
        "acknowledged without a copy": len(acknowledged - proven),
        "committed without a copy": len(leaves.keys() - proven),
        "copies of another leaf": sum(
            leaves.get(row["record_id"]) != row["leaf"] for row in copies
        ),
        "orphans marked wrongly": len(orphans ^ {(row["name"], row["line"]) for row in marked}),
        "marks without a record": abs(told - len(marked)),
    }
    return [f"{count} {what} in {organization}" for what, count in wrong.items() if count]
