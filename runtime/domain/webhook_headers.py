"""Say which headers of its owner's an endpoint may be sent.

What frames a message, routes it, says what its body is or signs it is never theirs. Whatever passes
here passes the one way out as well, which judges again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from runtime.domain.webhook import MOST_HEADERS

MOST_HEADER_BYTES: Final = 4_096
"""Names and values together."""

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,128}", re.ASCII)
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?", re.ASCII)
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OUR_FAMILIES: Final = ("content-", "proxy-", "webhook-", "x-forwarded-")


def headers_problem(headers: Mapping[str, str]) -> str | None:
    """Return why headers can't be sent along, or None; no value is repeated."""
    lower = {name.lower(): value for name, value in headers.items()}
    if len(lower) < len(headers):
        return "a name stands twice, in two spellings; expected once"
    size_bytes = sum(len(name) + len(value) for name, value in headers.items())
    if len(headers) > MOST_HEADERS or size_bytes > MOST_HEADER_BYTES:
        return (
            f"there are {len(headers)} of {size_bytes} characters, expected at most "
            f"{MOST_HEADERS} of {MOST_HEADER_BYTES}"
        )
    for name, value in lower.items():
        if not _NAME.fullmatch(name):
            return "a name can't be sent, expected letters, digits and - in plain ASCII"
        if name in _OURS or name.startswith(_OUR_FAMILIES):
            return f"'{name}' is set by the platform, expected others"
        if not _VALUE.fullmatch(value):
            return f"the value of '{name}' can't be sent, expected plain ASCII without line breaks"
    return None
