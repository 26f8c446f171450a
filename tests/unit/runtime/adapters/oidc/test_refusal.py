"""Refusals carry a reason and a sentence of our own."""

from __future__ import annotations

from runtime.adapters.oidc.refusal import refused, unavailable
from runtime.domain.identity import IdentityRefusal


def test_a_refusal_carries_its_reason() -> None:
    """The error is the domain's."""
    error = refused(IdentityRefusal.NONCE, "the token belongs to another login")

    assert (error.reason, error.detail) == (
        IdentityRefusal.NONCE,
        "the token belongs to another login",
    )


def test_an_outage_is_told_from_a_refusal() -> None:
    """It is the one that a caller may wait for."""
    assert unavailable("no answer").reason is IdentityRefusal.UNAVAILABLE
