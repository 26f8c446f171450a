"""Reasons of refused identities are stable, and each says what to do."""

from __future__ import annotations

import pytest

from runtime.domain.errors import DomainError, IdentityRefusedError
from runtime.domain.identity import IdentityRefusal


@pytest.mark.parametrize("reason", IdentityRefusal)
def test_every_reason_says_what_to_do(reason: IdentityRefusal) -> None:
    """The message holds the reason, the detail and the advice."""
    error = IdentityRefusedError(reason=reason, detail="the token has ended")

    assert isinstance(error, DomainError)
    assert error.code == "identity_refused"
    assert (error.reason, error.detail) == (reason, "the token has ended")
    assert str(error) == (
        f"the identity is refused ({reason.value}): the token has ended; {reason.advice}"
    )


def test_advice_fits_the_reason() -> None:
    """What the caller can mend, the caller is told; the rest is for who runs the issuer."""
    assert IdentityRefusal.EXPIRED.advice == "log in again"
    assert IdentityRefusal.SIGNATURE.advice == "ask whoever runs the identity provider"


def test_only_outages_and_clocks_may_pass_by_waiting() -> None:
    """A caller that tries again with anything else wastes its time."""
    passing = {reason for reason in IdentityRefusal if reason.may_pass_later}

    assert passing == {IdentityRefusal.UNAVAILABLE, IdentityRefusal.NOT_YET_VALID}
