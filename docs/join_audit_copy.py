"""Join audit copies that an intake holds in parts, as Splunk and Datadog do, and check them.

A single file that needs the standard library only. The input has one JSON document a line, as the
intake exports them: a part may stand anywhere in it, also as text.

    python3 join_audit_copy.py --into copies < export.jsonl

Each copy becomes a file. What is missing, differs from its digest, or is there in two versions is
named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

MEMBERS = frozenset({"object", "part", "parts", "digest", "part_digest", "encoding", "body"})
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*", re.ASCII)


class NotJoined(ValueError):  # noqa: N818  # reads as what happened
    """Report a copy that is not whole, and why."""


def parts_in(document: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # any JSON
    """Yield the parts that stand in a document, at whatever depth."""
    if isinstance(document, str) and document.lstrip().startswith("{"):
        try:
            document = json.loads(document)
        except ValueError:
            return
    if isinstance(document, dict) and set(document) >= MEMBERS:
        yield document
    elif isinstance(document, dict | list):
        for member in document.values() if isinstance(document, dict) else document:
            yield from parts_in(member)


def joined(parts: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the body of one copy, bit for bit; parts may come in any order, and twice.

    Raises:
        NotJoined: a part is missing or not what its digest says, or the whole is not.
    """
    bodies: dict[int, bytes] = {}
    count, digest = 0, ""
    for part in parts:
        text = str(part["body"])
        body = base64.b64decode(text) if part["encoding"] == "base64" else text.encode()
        if _digest(body) != part["part_digest"]:
            raise NotJoined(f"part {part['part']} is not what its digest says")
        bodies[int(part["part"])] = body
        count, digest = int(part["parts"]), str(part["digest"])
    missing = [number for number in range(1, count + 1) if number not in bodies]
    if missing or not bodies:
        raise NotJoined(f"part {missing[0] if missing else 1} of {count} is missing")
    whole = b"".join(bodies[number] for number in range(1, count + 1))
    if _digest(whole) != digest:
        raise NotJoined("the whole is not what its digest says")
    return whole


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def main() -> int:
    """Join what the input holds; return 1 if a copy is not whole, else 0."""
    parser = argparse.ArgumentParser(description="Join audit copies that were sent in parts.")
    parser.add_argument("--into", type=Path, required=True, help="the folder of the copies")
    folder: Path = parser.parse_args().into
    copies: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for line in sys.stdin:
        for part in parts_in(json.loads(line)) if line.strip() else ():
            copies[str(part["object"]), str(part["digest"])].append(part)
    names = [name for name, _ in copies]
    failed = False
    for (name, _), parts in sorted(copies.items()):
        try:
            if not NAME.fullmatch(name):
                raise NotJoined("the name is not one of a copy")  # noqa: TRY301  # told below
            if names.count(name) > 1:
                raise NotJoined("there are two versions of it")  # noqa: TRY301  # told below
            body = joined(parts)
        except NotJoined as error:
            failed = True
            sys.stdout.write(f"{name!r}: {error}\n")
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        sys.stdout.write(f"{name}: {len(body)} bytes\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
