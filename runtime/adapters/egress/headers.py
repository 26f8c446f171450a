"""Write the headers of a request: the caller's, within bounds, and the ones that are ours.

What frames a message, routes it or signs it is never the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from runtime.adapters.egress.target import Target
from runtime.kit.webhook_keys import SigningError
from runtime.kit.webhook_signature import signature_headers
from runtime.ports.effect_failure import PermanentError
from runtime.ports.egress import HttpCall

MOST_HEADERS: Final = 32
MOST_HEADER_BYTES: Final = 8_192
USER_AGENT: Final = "Plangate"

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,128}", re.ASCII)
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?", re.ASCII)
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
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
_OUR_FAMILIES: Final = ("proxy-", "webhook-", "x-forwarded-")


def outgoing_headers(call: HttpCall, target: Target, *, now: datetime) -> Mapping[str, str]:
    """Return what a request says of itself.

    Raises:
        PermanentError: a header is not the caller's to set, or can't be sent; or it can't be
            signed as it is.
    """
    own = {name.lower(): value for name, value in call.headers.items()}
    _check(own, given=len(call.headers))
    headers = {"user-agent": USER_AGENT, "accept": "*/*"} | own
    headers |= {"host": target.authority, "accept-encoding": "identity"}
    return {**headers, **_signature(call, now)}


def _check(headers: Mapping[str, str], *, given: int) -> None:
    if len(headers) < given:
        raise PermanentError("the request names a header twice, in two spellings; expected once")
    size_bytes = sum(len(name) + len(value) for name, value in headers.items())
    if given > MOST_HEADERS or size_bytes > MOST_HEADER_BYTES:
        raise PermanentError(
            f"the request has {given} headers of {size_bytes} characters, expected at most "
            f"{MOST_HEADERS} of {MOST_HEADER_BYTES}"
        )
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise PermanentError("a header can't be sent, expected names and values in plain ASCII")
        if name in _OURS or name.startswith(_OUR_FAMILIES):
            raise PermanentError(f"the header '{name}' is set by the platform, expected others")


def _signature(call: HttpCall, now: datetime) -> Mapping[str, str]:
    if not call.signing_secrets:
        return {}
    try:
        return signature_headers(
            call.body,
            secrets=call.signing_secrets,
            message_id=call.message_id,
            timestamp_s=int(now.timestamp()),
        )
    except SigningError as error:
        raise PermanentError(f"the message can't be signed: {error}") from None
