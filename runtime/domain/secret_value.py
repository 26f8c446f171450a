"""Hold the value of a secret so that it shows by no accident: not printed, copied, stored, hashed.

Who needs the value asks by `text` or `bytes`, close to its use.
"""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

from typing_extensions import override

from runtime.kit.redact import REDACTED

_KEPT: Final = "a secret is not copied, pickled or turned into JSON; pass its reference instead"


class SecretValueError(ValueError):
    """A value that can't be given out; the message repeats none of it."""


class SecretValue:
    """Hold one value in memory until it is forgotten.

    Equal means the same object: two values are compared by `same_as`.
    """

    __slots__ = ("_kept",)

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret tells of the secret

    def __init__(self, value: str | bytes) -> None:
        """Take a copy of the value; a text is kept in UTF-8."""
        self._kept: bytearray | None = bytearray(
            value.encode() if isinstance(value, str) else value
        )

    def bytes(self) -> bytes:
        """Return the value.

        Raises:
            SecretValueError: it was forgotten.
        """
        return bytes(self._held())

    def text(self) -> str:
        """Return the value as a text.

        Raises:
            SecretValueError: it was forgotten, or is no UTF-8.
        """
        try:
            return self._held().decode()
        except UnicodeDecodeError:
            raise SecretValueError(
                "the secret is no text in UTF-8; it has to be read as bytes"
            ) from (None)

    def same_as(self, other: SecretValue) -> bool:
        """Return whether both hold the same, in a time that does not tell where they differ.

        Raises:
            SecretValueError: one of them was forgotten.
        """
        return hmac.compare_digest(self._held(), other._held())

    def forget(self) -> None:
        """Overwrite the value with zeros; who reads it later is refused."""
        if self._kept is not None:
            self._kept[:] = bytes(len(self._kept))
            self._kept = None

    @override
    def __repr__(self) -> str:
        return f"SecretValue({REDACTED})"

    @override
    def __str__(self) -> str:
        return REDACTED

    @override
    def __format__(self, _: str, /) -> str:
        return REDACTED

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError(_KEPT)

    @override
    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError(_KEPT)

    @override
    def __getstate__(self) -> NoReturn:
        raise TypeError(_KEPT)

    def _held(self) -> bytearray:
        if self._kept is None:
            raise SecretValueError("the secret was forgotten; read its reference again")
        return self._kept
