"""Prove that a file is what its type says, or is refused."""

from __future__ import annotations

import pytest

from runtime.agent.file_kinds import refuse_disguise
from runtime.agent.media import Attachment, AttachmentError


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n..."),
        ("image/jpeg", b"\xff\xd8\xff\xe0..."),
        ("image/gif", b"GIF87a..."),
        ("image/gif", b"GIF89a..."),
        ("image/webp", b"RIFF....WEBP"),
        ("application/pdf", b"%PDF-1.4"),
        ("application/pdf", b" " * 1_019 + b"%PDF-"),
        ("text/plain", b"hello"),
        ("text/plain; charset=utf-8", b"hello"),
        ("application/json", b"{}"),
    ],
)
def test_a_file_that_is_what_it_says_passes(mime: str, data: bytes) -> None:
    """By its first bytes."""
    refuse_disguise(Attachment(name="f", mime=mime, data=data))


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("image/png", b"\xff\xd8\xff\xe0"),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n"),
        ("image/gif", b"GIF88a"),
        ("image/webp", b"RIFF....WAVE"),
        ("image/webp", b"XIFF....WEBP"),
        ("application/pdf", b" " * 1_020 + b"%PDF-"),
        ("text/plain", b""),
        ("text/plain", b"a\0b"),
        ("application/json", b"{\0}"),
    ],
)
def test_a_disguise_is_refused(mime: str, data: bytes) -> None:
    """The message says which file, and what it says it is."""
    with pytest.raises(AttachmentError, match=f"'f' says it is {mime.partition(';')[0]}"):
        refuse_disguise(Attachment(name="f", mime=mime, data=data))
