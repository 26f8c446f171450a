"""A secret signs until it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.domain.webhook import EndpointSecret, SigningScheme

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_secret_signs_until_the_instant_at_which_it_ends() -> None:
    """The newest has no end."""
    newest = EndpointSecret(
        id="whs_1", endpoint_id="whe_1", scheme=SigningScheme.HMAC, sealed=b"", created_at=NOW
    )
    older = EndpointSecret(
        id="whs_0",
        endpoint_id="whe_1",
        scheme=SigningScheme.ED25519,
        sealed=b"",
        created_at=NOW,
        ends_at=NOW + timedelta(hours=1),
    )

    assert newest.live(NOW + timedelta(days=99))
    assert older.live(NOW)
    assert not older.live(NOW + timedelta(hours=1))
