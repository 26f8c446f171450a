"""Say how a child and its parent talk: messages of parts, the first of which says what it is.

A part goes over as it is, so an input or an answer is spelled and read once on the way. Both ends
use this file and nothing else of each other, so it imports the standard library alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

_LENGTH: Final = struct.Struct(">I")
LENGTH_BYTES: Final = _LENGTH.size
MOST_BYTES: Final = 64 * 2**20
"""The longest message that is read; a longer one ends the conversation."""
ANSWER_BYTES: Final = 2**20
"""The longest answer to one question."""


class Request(StrEnum):
    """Name what is asked of a child."""

    LOAD = "load"  # revision, then path and text of each module -> DONE or FAILED
    DECIDE = "decide"  # revision, rule, then the inputs -> UNKNOWN, or an answer for each
    CHECK = "check"  # rule, then path and text of each module -> DONE and a report


class Reply(StrEnum):
    """Name what a child answers; answers to inputs carry one of the last four in front."""

    DONE = "done"
    UNKNOWN = "unknown"
    ANSWERS = "answers"
    VALUE = "value"
    UNDEFINED = "undefined"
    FAILED = "failed"
    TOO_LONG = "too_long"


class FrameError(Exception):
    """Report bytes that are no message."""


def packed(parts: Sequence[bytes]) -> bytes:
    """Return a message with its length in front.

    >>> packed([b"ab", b""]).hex()
    '0000000a00000002616200000000'
    """
    body = b"".join(piece for part in parts for piece in (_LENGTH.pack(len(part)), part))
    return _LENGTH.pack(len(body)) + body


def length_of(head: bytes) -> int:
    """Return how many bytes follow the length in front.

    Raises:
        FrameError: more than are read.
    """
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise FrameError(f"a message of {length} bytes, expected at most {MOST_BYTES}")
    return int(length)


def unpacked(body: bytes) -> list[bytes]:
    """Return the parts of a message without its length.

    Raises:
        FrameError: it ends inside a part, or has none.
    """
    parts = list(_parts(body))
    if not parts:
        raise FrameError("a message without parts")
    return parts


def pairs(parts: Sequence[bytes]) -> Iterable[tuple[str, str]]:
    """Return parts two by two, as texts."""
    texts = [part.decode() for part in parts]
    return zip(texts[::2], texts[1::2], strict=True)


def _parts(body: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        start = at + LENGTH_BYTES
        if start > len(body):
            raise FrameError("a message that ends inside a length")
        (length,) = _LENGTH.unpack(body[at:start])
        at = start + length
        if at > len(body):
            raise FrameError("a message that ends inside a part")
        yield body[start:at]
