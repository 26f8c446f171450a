"""Spell and read the text of an invitation: what its inviter hands on, shown once.

It is `pgi_`, then 86 base62 letters over organization id, invitation id and 32 secret bytes, then
6 letters of CRC-32: as a token, but it opens nothing on its own. Whoever accepts it logs in too.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.errors import TokenMalformedError
from runtime.domain.token import SECRET_BYTES
from runtime.kit import base62
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id

ORGANIZATION_PREFIX: Final = "org"
INVITATION_PREFIX: Final = "inv"

_TIME_BYTES: Final = 6
_ID_BYTES: Final = _TIME_BYTES + ENTROPY_BYTES
_BODY_BYTES: Final = 2 * _ID_BYTES + SECRET_BYTES
_SHAPE: Final = re.compile(r"(pgi_[0-9A-Za-z]{86})([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationText:
    """Hold what the text of an invitation says; whether that is true, the stored hash decides."""

    organization_id: str
    invitation_id: str
    secret: bytes = field(repr=False)


def spell_invitation(invitation: InvitationText) -> str:
    """Return the text of an invitation.

    Raises:
        IdError: If an id is of another kind.
        ValueError: If the secret has another length than `SECRET_BYTES`.
    """
    if len(invitation.secret) != SECRET_BYTES:
        raise ValueError(f"the secret has {len(invitation.secret)} bytes, expected {SECRET_BYTES}")
    organization = _id_bytes(invitation.organization_id, ORGANIZATION_PREFIX)
    identified = organization + _id_bytes(invitation.invitation_id, INVITATION_PREFIX)
    text = "pgi_" + base62.encode(identified + invitation.secret)
    return text + _checksum(text)


def parse_invitation(text: str) -> InvitationText:
    """Return what the text of an invitation says.

    Raises:
        TokenMalformedError: If it is not exactly one that `spell_invitation` returns; the message
            never repeats it.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise TokenMalformedError(problem="it has not the shape of an invitation")
    spelled, checksum = shape.groups()
    if _checksum(spelled) != checksum:
        raise TokenMalformedError(problem="its checksum does not fit")
    try:
        data = base62.decode(spelled[4:], size_bytes=_BODY_BYTES)
    except base62.Base62Error:
        raise TokenMalformedError(problem="it spells no ids and secret") from None
    return InvitationText(
        organization_id=_id_text(data[:_ID_BYTES], ORGANIZATION_PREFIX),
        invitation_id=_id_text(data[_ID_BYTES : 2 * _ID_BYTES], INVITATION_PREFIX),
        secret=data[2 * _ID_BYTES :],
    )


def _checksum(text: str) -> str:
    return base62.encode(zlib.crc32(text.encode()).to_bytes(4))


def _id_bytes(identifier: str, prefix: str) -> bytes:
    parsed = parse_id(identifier, prefix)
    return parsed.created_ms.to_bytes(_TIME_BYTES) + parsed.entropy


def _id_text(data: bytes, prefix: str) -> str:
    return new_id(prefix, now_ms=int.from_bytes(data[:_TIME_BYTES]), entropy=data[_TIME_BYTES:])
