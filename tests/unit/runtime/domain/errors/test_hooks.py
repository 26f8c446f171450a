"""Deliveries that are not acted on are told why, and nothing of what was delivered."""

from __future__ import annotations

import pytest

from runtime.domain.errors import (
    CredentialRefusedError,
    DeliveryRefusedError,
    DeliveryStaleError,
    DeliveryUncertainError,
    DeliveryUnfitError,
    DomainError,
)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        pytest.param(DeliveryRefusedError(), "delivery_refused", "signature", id="refused"),
        pytest.param(DeliveryStaleError(window_s=300), "delivery_stale", "300 s", id="stale"),
        pytest.param(
            DeliveryUnfitError(place="when", problem="it gave text, expected true or false"),
            "delivery_unfit",
            "when: it gave text, expected true or false",
            id="unfit",
        ),
        pytest.param(
            DeliveryUncertainError(delivery="hkd_1"),
            "delivery_uncertain",
            "'hkd_1'",
            id="uncertain",
        ),
    ],
)
def test_a_message_says_what_to_do(error: DomainError, code: str, told: str) -> None:
    """And has a code that programs read."""
    assert error.code == code
    assert told in str(error)


def test_a_refused_delivery_counts_as_a_refused_credential() -> None:
    """So that an address that guesses is held up, whatever it guesses."""
    assert isinstance(DeliveryRefusedError(), CredentialRefusedError)
    assert "Bearer" not in str(DeliveryRefusedError())
