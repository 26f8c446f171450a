"""Cut a copy into parts that no intake truncates, so that it can be joined again bit for bit.

Each part says of which object and which part it is, and has the digests of both. What is readable
stays so; other bytes are base64. `docs/join_audit_copy.py` joins parts, without this platform.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson

from runtime.kit.canonical_json import digest_bytes
from runtime.kit.json_value import JsonObject
from runtime.ports.audit_sink import SinkObject

_READABLE: Final = re.compile(rb"[\x20-\x7e\n]*")
_MOST_REQUEST_BYTES: Final = 1_000_000
"""Below the 1 MiB that the way out sends at once."""
_MOST_REQUEST_ENTRIES: Final = 1_000


def cut(obj: SinkObject, *, most_bytes: int) -> Sequence[JsonObject]:
    """Return the parts of a copy in their order; of an empty one there is one.

    Args:
        obj: the object.
        most_bytes: what the body of a part may have in JSON, its escapes included.
    """
    readable = _READABLE.fullmatch(obj.body) is not None
    # JSON doubles quotes, backslashes and line ends; base64 makes four letters of three bytes.
    step = most_bytes // 2 if readable else most_bytes // 4 * 3
    pieces = [obj.body[at : at + step] for at in range(0, len(obj.body), step)] or [b""]
    digest = digest_bytes(obj.body)
    return [
        {
            "object": obj.name,
            "part": number,
            "parts": len(pieces),
            "digest": digest,
            "part_digest": digest_bytes(piece),
            "encoding": "text" if readable else "base64",
            "body": (piece if readable else base64.b64encode(piece)).decode("ascii"),
        }
        for number, piece in enumerate(pieces, start=1)
    ]


def requests_of(entries: Iterable[JsonObject]) -> Iterator[Sequence[bytes]]:
    """Yield entries as JSON, as many together as one request may carry."""
    held: list[bytes] = []
    held_bytes = 0
    for entry in entries:
        spelled = orjson.dumps(entry)
        full = held_bytes + len(spelled) + len(held) + 2 > _MOST_REQUEST_BYTES
        if held and (full or len(held) == _MOST_REQUEST_ENTRIES):
            yield held
            held, held_bytes = [], 0
        held.append(spelled)
        held_bytes += len(spelled)
    yield held
