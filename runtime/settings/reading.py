"""Read single variables: texts, lists, numbers and tokens, with errors that name the variable."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

TOKEN: Final = re.compile(r"[\x21-\x7e]{16,512}")
LONG_TOKEN: Final = re.compile(r"[\x21-\x7e]{32,512}")


class SettingsError(ValueError):
    """A variable that can't be used; the message names it and never repeats a secret."""


def token(
    told: Mapping[str, str], name: str, pattern: re.Pattern[str], *, least: int
) -> SecretStr | None:
    """Return a token of the given form; None: it is not set.

    Raises:
        SettingsError: it has another form; `least` is how many characters are expected.
    """
    token = told.get(name)
    if token is None:
        return None
    if not pattern.fullmatch(token):
        raise SettingsError(
            f"{name} has {len(token)} characters, expected {least} to 512 printable ones of "
            "ASCII without spaces, as `openssl rand -hex 32` prints them"
        )
    return SecretStr(token)


def seconds(
    told: Mapping[str, str], name: str, *, least: float, most: float, usual: float
) -> float:
    """Return a length of time, or the usual one where it is not set.

    Raises:
        SettingsError: it is no number from `least` to `most`.
    """
    text = told.get(name)
    if text is None:
        return usual
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not least <= seconds <= most:
        raise SettingsError(
            f"{name} is '{text[:20]}', expected seconds from {least:.10g} to {most:.10g}"
        )
    return seconds


def listed(told: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the parts of a text with commas, without blanks around them."""
    return tuple(part.strip() for part in told.get(name, "").split(",") if part.strip())
