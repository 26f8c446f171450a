"""Seal what lets a browser look at the pages of evaluations, so that nobody else can have made it.

A pass holds no rights: it names the credential that it was made with, which is looked up whenever
it is used. A link is exchanged for a visit once; neither passes for the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.domain.caller import CredentialKind
from runtime.services.identity.minting import TokenKeys

MOST_LETTERS: Final = 1_000
_DOMAIN: Final = "plangate/evaluations-{}/1\0"
_MAC_BYTES: Final = 32


class PassUse(StrEnum):
    """Say what a pass is for: to be brought in an address once, or in a cookie for a while."""

    LINK = "link"
    VISIT = "visit"


class PagePass(BaseModel):
    """Name the credential that a pass stands for.

    Attributes:
        id: of the link; the visit that it became has the same one.
        ends_at: from when on it opens nothing, whatever the credential does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str
    organization_id: str
    member_id: str
    credential_id: str
    credential_kind: CredentialKind
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePasses:
    """Seal passes under the server's first key, and open those under any of them."""

    keys: TokenKeys

    def sealed(self, item: PagePass, *, use: PassUse) -> str:
        """Return a pass as a text for an address or a cookie, of letters, digits, `-` and `_`."""
        document = item.model_dump_json().encode()
        mac = _mac(self.keys.signing, document, use=use)
        return base64.urlsafe_b64encode(mac + document).rstrip(b"=").decode()

    def opened(self, text: str, *, use: PassUse, now: datetime) -> PagePass | None:
        """Return a pass that was sealed here for this use and has not ended, else None."""
        if len(text) > MOST_LETTERS:
            return None
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            mac, document = data[:_MAC_BYTES], data[_MAC_BYTES:]
            if not self._made_here(mac, document, use=use):
                return None
            item = PagePass.model_validate_json(document)
        except (binascii.Error, ValidationError, ValueError):
            return None
        return item if now < item.ends_at else None

    def _made_here(self, mac: bytes, document: bytes, *, use: PassUse) -> bool:
        found = False
        for key in self.keys.keys:  # all of them, so that the time tells nothing
            found |= hmac.compare_digest(mac, _mac(key, document, use=use))
        return found


def _mac(key: bytes, document: bytes, *, use: PassUse) -> bytes:
    return hmac.digest(key, _DOMAIN.format(use.value).encode() + document, hashlib.sha256)
