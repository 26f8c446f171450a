"""Make and read ids: a prefix that names the kind, then 26 letters that sort by time.

The letters are Crockford base32 of 48 bits of milliseconds and 80 random bits (Source: the ULID
specification). Time and entropy come from the caller, at the edge.
"""

import re
from dataclasses import dataclass
from typing import Final

ENTROPY_BYTES: Final = 10

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_DIGIT_OF: Final = {letter: digit for digit, letter in enumerate(_ALPHABET)}
_LENGTH: Final = 26
_SHIFTS: Final = range(120, -1, -10)  # two letters at a time
_ENTROPY_BITS: Final = 8 * ENTROPY_BYTES
_MAX_MS: Final = 2**48 - 1
_PREFIX: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_BODY: Final = re.compile(rf"[0-7][{_ALPHABET}]{{{_LENGTH - 1}}}")


class IdError(ValueError):
    """Report a text that is not an id of the expected kind, or parts that make none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedId:
    """Hold the parts of an id."""

    prefix: str
    created_ms: int
    entropy: bytes


def new_id(prefix: str, *, now_ms: int, entropy: bytes) -> str:
    """Return the id of these parts; ids of one prefix sort as their milliseconds do.

    Args:
        prefix: What is named, in lower-case words joined by "_".
        now_ms: Milliseconds since 1970 in UTC, below 2**48.
        entropy: `ENTROPY_BYTES` random bytes.

    Raises:
        IdError: If a part is out of its range.

    >>> new_id("run", now_ms=1_767_225_600_000, entropy=bytes(10))
    'run_01KDVDNA000000000000000000'
    """
    if not _PREFIX.fullmatch(prefix):
        raise IdError(f"id prefix is {prefix!r}, expected lower-case words joined by '_'")
    if not 0 <= now_ms <= _MAX_MS:
        raise IdError(f"id time is {now_ms} ms, expected 0 to {_MAX_MS}")
    if len(entropy) != ENTROPY_BYTES:
        raise IdError(f"id entropy has {len(entropy)} bytes, expected {ENTROPY_BYTES}")
    number = now_ms << _ENTROPY_BITS | int.from_bytes(entropy)
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def parse_id(text: str, prefix: str) -> ParsedId:
    """Return the parts of an id of one kind.

    Raises:
        IdError: If the prefix differs or the rest is not 26 canonical letters. Lower case is
            refused: two spellings of one id would be two keys.

    >>> parse_id("run_01KDVDNA000000000000000000", "run").created_ms
    1767225600000
    """
    found, _, body = text.rpartition("_")
    if found != prefix or not _BODY.fullmatch(body):
        raise IdError(f"id is {text[:80]!r}, expected '{prefix}_' and {_LENGTH} base32 letters")
    number = 0
    for letter in body:
        number = number << 5 | _DIGIT_OF[letter]
    return ParsedId(
        prefix=prefix,
        created_ms=number >> _ENTROPY_BITS,
        entropy=(number & (1 << _ENTROPY_BITS) - 1).to_bytes(ENTROPY_BYTES),
    )
