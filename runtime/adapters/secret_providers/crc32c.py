"""Compute CRC-32C, which Google sends beside each value.

Source: RFC 3720 §12.1 and appendix B.4 (Castagnoli's polynomial, reflected 0x82F63B78).
"""

from __future__ import annotations

from typing import Final

_POLYNOMIAL: Final = 0x82F63B78
_ALL: Final = 0xFFFFFFFF


def _entry(index: int) -> int:
    for _ in range(8):
        index = (index >> 1) ^ (_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE: Final = tuple(_entry(index) for index in range(256))


def crc32c(kept: bytes) -> int:
    """Return the checksum, 0 to 2**32 - 1.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = _ALL
    for byte in kept:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ _ALL
