"""Write bytes with digits and letters only, each length of bytes at its own length of text.

The digits stand in the order of ASCII, so that texts of one length sort as their bytes do. One
value has one spelling: what is too short, too long or too great is refused.
"""

from __future__ import annotations

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_BASE: Final = len(ALPHABET)
_DIGIT_OF: Final = {letter: digit for digit, letter in enumerate(ALPHABET)}


class Base62Error(ValueError):
    """Report a text that spells no value of the expected size; the text is not repeated."""


def letters_for(size_bytes: int) -> int:
    """Return how many letters every value of so many bytes takes.

    >>> letters_for(4), letters_for(64)
    (6, 86)
    """
    greatest, letters = (1 << 8 * size_bytes) - 1, 0
    while greatest:
        greatest //= _BASE
        letters += 1
    return letters


def encode(data: bytes) -> str:
    """Return the spelling of these bytes, `letters_for(len(data))` letters long.

    >>> encode(bytes(3) + bytes([62]))
    '000010'
    """
    number, letters = int.from_bytes(data), []
    for _ in range(letters_for(len(data))):
        number, digit = divmod(number, _BASE)
        letters.append(ALPHABET[digit])
    return "".join(reversed(letters))


def decode(text: str, *, size_bytes: int) -> bytes:
    """Return the bytes of a spelling.

    Raises:
        Base62Error: If the text has another length, another letter, or a value that so many bytes
            can't hold.

    >>> decode("000010", size_bytes=4)[-1]
    62
    """
    expected = letters_for(size_bytes)
    if len(text) != expected:
        raise Base62Error(f"the text has {len(text)} letters, expected {expected}")
    number = 0
    for letter in text:
        digit = _DIGIT_OF.get(letter)
        if digit is None:
            raise Base62Error("the text holds a letter beyond 0-9, A-Z and a-z")
        number = number * _BASE + digit
    if number >> 8 * size_bytes:
        raise Base62Error(f"the text spells a value that {size_bytes} bytes can't hold")
    return number.to_bytes(size_bytes)
