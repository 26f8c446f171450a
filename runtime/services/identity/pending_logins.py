"""Seal what a browser must bring back from its login, so that nobody else can have written it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.ports.identity_provider import LoginStart

LIFE: Final = timedelta(minutes=10)
MOST_LETTERS: Final = 4_000
_DOMAIN: Final = b"plangate/pending-login/1\0"
_MAC_BYTES: Final = 32


class Pending(BaseModel):
    """Hold a login that has begun, for the browser that began it; a `PendingLogin`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogins:
    """Seal logins under a key of the server."""

    key: bytes = field(repr=False)

    def sealed(self, start: LoginStart, *, return_to: str, now: datetime) -> str:
        """Return a text for a cookie that holds a login for ten minutes."""
        pending = Pending(
            issuer=start.issuer,
            redirect_uri=start.redirect_uri,
            state=start.state,
            nonce=start.nonce,
            verifier=start.verifier,
            return_to=return_to,
            ends_at=now + LIFE,
        )
        document = pending.model_dump_json().encode()
        return base64.urlsafe_b64encode(self._mac(document) + document).rstrip(b"=").decode()

    def opened(self, text: str, *, now: datetime) -> Pending:
        """Return a login that was sealed here and has not ended.

        Raises:
            IdentityRefusedError: STATE, whatever is wrong with it.
        """
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            mac, document = data[:_MAC_BYTES], data[_MAC_BYTES:]
            if len(text) <= MOST_LETTERS and hmac.compare_digest(mac, self._mac(document)):
                pending = Pending.model_validate_json(document)
                if now < pending.ends_at:
                    return pending
        except (binascii.Error, ValidationError, ValueError):
            pass
        raise IdentityRefusedError(
            reason=IdentityRefusal.STATE,
            detail="this browser has no login that is waiting for an answer",
        )

    def _mac(self, document: bytes) -> bytes:
        return hmac.digest(self.key, _DOMAIN + document, hashlib.sha256)
