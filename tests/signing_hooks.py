"""Sign deliveries as senders do: an oracle of its own, which shares no code with the platform."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

Headers = list[tuple[str, str]]


def signed_standard(
    secret: str, body: bytes, *, named: str, at: datetime, more: tuple[str, ...] = ()
) -> Headers:
    """Sign as Standard Webhooks; `more` are signatures beside the right one."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{named}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return [
        ("webhook-id", named),
        ("webhook-timestamp", seconds),
        ("webhook-signature", " ".join((*more, "v1," + base64.b64encode(mac).decode()))),
    ]


def signed_github(secret: str, body: bytes, *, named: str = "guid-1") -> Headers:
    """Sign as GitHub; its id stands in a header that is not signed."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return [("x-github-delivery", named), ("x-hub-signature-256", f"sha256={mac}")]


def signed_stripe(secret: str, body: bytes, *, at: datetime, more: str = "") -> Headers:
    """Sign as Stripe; `more` stands before the right signature."""
    seconds = str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    return [("stripe-signature", f"t={seconds},{more}v1={mac}")]
