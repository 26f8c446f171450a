"""Tests of signatures as Standard Webhooks say."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest

from runtime.kit.webhook_signature import SigningError, secret_bytes, signature_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # the published example
OTHER = "whsec_" + b64encode(bytes(range(32))).decode()
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'


def test_the_published_example_is_signed_as_published() -> None:
    """The signature of the specification's libraries' own test comes out, letter by letter."""
    headers = signature_headers(
        BODY, secrets=[SECRET], message_id=MESSAGE_ID, timestamp_s=1_614_265_330
    )

    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_side_by_side() -> None:
    """While a secret is replaced, receivers with the old and with the new one both verify."""
    headers = signature_headers(BODY, secrets=[OTHER, SECRET], message_id="m", timestamp_s=7)

    signatures = headers["webhook-signature"].split(" ")
    for secret, signature in zip((OTHER, SECRET), signatures, strict=True):
        key = b64decode(secret.removeprefix("whsec_"))
        expected = hmac.new(key, b"m.7." + BODY, hashlib.sha256).digest()
        assert signature == f"v1,{b64encode(expected).decode()}"


@pytest.mark.parametrize(
    ("body", "message_id", "timestamp_s"),
    [
        pytest.param(BODY + b" ", "m", 7, id="body"),
        pytest.param(BODY, "n", 7, id="id"),
        pytest.param(BODY, "m", 8, id="time"),
    ],
)
def test_each_part_is_signed(body: bytes, message_id: str, timestamp_s: int) -> None:
    """Nothing of a message can be changed without changing its signature."""
    signed = signature_headers(BODY, secrets=[SECRET], message_id="m", timestamp_s=7)
    changed = signature_headers(
        body, secrets=[SECRET], message_id=message_id, timestamp_s=timestamp_s
    )

    assert signed["webhook-signature"] != changed["webhook-signature"]


def test_the_prefix_of_a_secret_may_be_missing() -> None:
    """A secret is the same key with `whsec_` and without."""
    assert secret_bytes(SECRET) == secret_bytes(SECRET.removeprefix("whsec_"))


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("whsec_not base64!", id="no base64"),
        pytest.param("whsec_é", id="no ASCII"),
        pytest.param("whsec_" + b64encode(bytes(23)).decode(), id="too short"),
        pytest.param("whsec_" + b64encode(bytes(65)).decode(), id="too long"),
        pytest.param("", id="empty"),
    ],
)
def test_a_weak_or_broken_secret_does_not_sign(secret: str) -> None:
    """A secret that protects nothing is refused, and not repeated in the message."""
    with pytest.raises(SigningError) as raised:
        signature_headers(BODY, secrets=[secret], message_id="m", timestamp_s=7)

    assert not secret or secret not in str(raised.value)


def test_signing_needs_a_secret() -> None:
    """No header pretends to be a signature."""
    with pytest.raises(SigningError, match="no secret"):
        signature_headers(BODY, secrets=[], message_id="m", timestamp_s=7)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nb", "x" * 129, "é"])
def test_an_id_can_not_be_taken_for_other_parts(message_id: str) -> None:
    """The dot separates the parts, so that an id with one could move the border."""
    with pytest.raises(SigningError, match="message id"):
        signature_headers(BODY, secrets=[SECRET], message_id=message_id, timestamp_s=7)
