"""Say whether the bytes of a file are what its type says: a picture is one, a text is one.

Source: PNG (ISO/IEC 15948 §5.2), JPEG (ITU-T T.81 §B.2.1), GIF89a §17, WebP (RFC 9649 §2.4), PDF
(ISO 32000-1 §7.5.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.agent.media import Attachment, AttachmentError

_PDF_WITHIN: Final = 1_024
"""Readers find the header of a PDF somewhere in its first bytes."""
_BEGINNINGS: Final[Mapping[str, tuple[bytes, ...]]] = MappingProxyType(
    {
        "image/png": (b"\x89PNG\r\n\x1a\n",),
        "image/jpeg": (b"\xff\xd8\xff",),
        "image/gif": (b"GIF87a", b"GIF89a"),
    }
)


def refuse_disguise(attachment: Attachment) -> None:
    """Let a file pass that is what its type says.

    Raises:
        AttachmentError: it is something else, or empty.
    """
    kind, data = attachment.mime.partition(";")[0].strip().lower(), attachment.data
    if not _fits(kind, data):
        message = (
            f"attachment '{attachment.name}' says it is {attachment.mime}, and its {len(data)} "
            "bytes are not; send it with its own type"
        )
        raise AttachmentError(message)


def _fits(kind: str, data: bytes) -> bool:
    if kind == "image/webp":
        return data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if kind == "application/pdf":
        return b"%PDF-" in data[:_PDF_WITHIN]
    if kind in _BEGINNINGS:
        return data.startswith(_BEGINNINGS[kind])
    return bool(data) and b"\0" not in data
