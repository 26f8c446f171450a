"""The text of an invitation says which it is, and is refused when a letter differs."""

from __future__ import annotations

import zlib

import pytest

from runtime.domain.errors import TokenMalformedError
from runtime.domain.invitation_text import InvitationText, parse_invitation, spell_invitation
from runtime.domain.token import SECRET_BYTES
from runtime.kit import base62
from runtime.kit.ids import IdError, new_id

ORGANIZATION = new_id("org", now_ms=1_767_225_600_000, entropy=bytes(range(10)))
INVITATION = new_id("inv", now_ms=1_767_225_600_001, entropy=bytes(range(10, 20)))
SAID = InvitationText(
    organization_id=ORGANIZATION, invitation_id=INVITATION, secret=bytes(range(100, 132))
)
TEXT = spell_invitation(SAID)


def test_an_invitation_is_read_as_it_was_spelled() -> None:
    """Organization, invitation and secret come back."""
    assert parse_invitation(TEXT) == SAID


def test_the_format_is_pinned() -> None:
    """Invitations that are out there stay readable: this text never changes."""
    assert TEXT == (
        "pgi_0N8UprCxGANtahIwkCji0YF9gtrTGqPkvgBEjshmux3IcrZYhPLzuo7PZ0B94RI9w7TaW5JxHz7GxrLNzgJj"
        "LH3FF0xK"
    )


@pytest.mark.parametrize("place", range(len(TEXT)))
def test_any_changed_letter_is_noticed(place: int) -> None:
    """By the shape or by the checksum; the message repeats nothing of it."""
    other = "0" if TEXT[place] != "0" else "1"

    with pytest.raises(TokenMalformedError) as refused:
        parse_invitation(TEXT[:place] + other + TEXT[place + 1 :])
    assert TEXT[4:20] not in str(refused.value)


@pytest.mark.parametrize("text", ["", "pgi_", TEXT + "\n", " " + TEXT, TEXT.replace("pgi", "pgt")])
def test_what_has_another_shape_is_no_invitation(text: str) -> None:
    """Space around it is a copy's fault too."""
    with pytest.raises(TokenMalformedError, match="shape"):
        parse_invitation(text)


def test_letters_that_spell_too_large_a_number_are_no_invitation() -> None:
    """Their checksum fits, their bytes do not."""
    body = "pgi_" + "z" * 86
    checksum = base62.encode(zlib.crc32(body.encode()).to_bytes(4))

    with pytest.raises(TokenMalformedError, match="no ids and secret"):
        parse_invitation(body + checksum)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param(
            InvitationText(organization_id=ORGANIZATION, invitation_id=INVITATION, secret=b"s"),
            ValueError,
            id="a short secret",
        ),
        pytest.param(
            InvitationText(
                organization_id=INVITATION, invitation_id=INVITATION, secret=bytes(SECRET_BYTES)
            ),
            IdError,
            id="no organization",
        ),
        pytest.param(
            InvitationText(
                organization_id=ORGANIZATION, invitation_id=ORGANIZATION, secret=bytes(SECRET_BYTES)
            ),
            IdError,
            id="no invitation",
        ),
    ],
)
def test_parts_that_make_no_invitation_are_refused(
    said: InvitationText, error: type[Exception]
) -> None:
    """Nothing is spelled that could not be read."""
    with pytest.raises(error):
        spell_invitation(said)


def test_the_secret_is_not_shown_by_accident() -> None:
    """Neither in a log nor in a test's output."""
    assert "secret" not in repr(SAID)
