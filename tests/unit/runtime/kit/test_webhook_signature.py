"""Tests of signatures as Standard Webhooks say."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest

from runtime.kit.webhook_keys import SigningError, private_key, public_key
from runtime.kit.webhook_signature import secret_bytes, signature_headers, verified

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


PRIVATE = private_key(bytes(range(32)))
PUBLIC = public_key(PRIVATE)
NOW_S = 1_800_000_000


def _headers(*secrets: str, timestamp_s: int = NOW_S, **changed: str) -> dict[str, str]:
    made = signature_headers(BODY, secrets=secrets, message_id="m", timestamp_s=timestamp_s)
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


def test_both_schemes_stand_in_one_header_in_the_given_order() -> None:
    """Each secret signs by its own scheme, so that receivers of either kind find theirs."""
    headers = _headers(PRIVATE, SECRET, OTHER)

    schemes = [item.partition(",")[0] for item in headers["webhook-signature"].split(" ")]
    assert schemes == ["v1a", "v1", "v1"]


@pytest.mark.parametrize("key", [SECRET, OTHER, PUBLIC, PRIVATE], ids=["v1", "older", "v1a", "own"])
def test_whoever_holds_one_key_believes_the_message(key: str) -> None:
    """One fitting signature is enough, whichever others stand beside it."""
    headers = _headers(PRIVATE, SECRET, OTHER)

    assert verified(BODY, headers, keys=[key], now_s=NOW_S) is None


@pytest.mark.parametrize(
    ("headers", "body", "now_s", "says"),
    [
        pytest.param(_headers(PRIVATE, SECRET), BODY + b" ", NOW_S, "no signature", id="body"),
        pytest.param(_headers(SECRET, webhook_id="n"), BODY, NOW_S, "no signature", id="id"),
        pytest.param(_headers(SECRET, webhook_id=""), BODY, NOW_S, "webhook-id", id="no id"),
        pytest.param(_headers(SECRET, webhook_id="a.b"), BODY, NOW_S, "webhook-id", id="dots"),
        pytest.param(_headers(SECRET), BODY, NOW_S + 301, "301 s ago", id="old"),
        pytest.param(_headers(SECRET), BODY, NOW_S - 301, "-301 s ago", id="of the future"),
        pytest.param(
            _headers(SECRET, webhook_timestamp=str(NOW_S + 1)), BODY, NOW_S, "no signature", id="at"
        ),
        pytest.param(
            _headers(SECRET, webhook_timestamp="1e9"), BODY, NOW_S, "in seconds", id="no number"
        ),
        pytest.param({}, BODY, NOW_S, "webhook-id", id="nothing"),
        pytest.param(
            _headers(SECRET, webhook_signature="v1,!!! v2,AAAA v1a,AAAA"),
            BODY,
            NOW_S,
            "no signature",
            id="broken signatures",
        ),
        pytest.param(
            _headers(SECRET, webhook_signature=_headers(SECRET)["webhook-signature"].upper()),
            BODY,
            NOW_S,
            "no signature",
            id="another scheme",
        ),
        pytest.param(
            _headers(
                SECRET, webhook_signature="v1,AAAA " * 32 + _headers(SECRET)["webhook-signature"]
            ),
            BODY,
            NOW_S,
            "no signature",
            id="too many",
        ),
    ],
)
def test_what_was_changed_or_kept_is_not_believed(
    headers: dict[str, str], body: bytes, now_s: int, says: str
) -> None:
    """Each part and the instant are checked, with both kinds of keys at hand."""
    refusal = verified(body, headers, keys=[SECRET, PUBLIC], now_s=now_s)

    assert refusal is not None
    assert says in refusal


def test_a_stranger_s_keys_do_not_fit() -> None:
    """A signature says who signed, and not only that somebody did."""
    headers = _headers(PRIVATE, SECRET)
    strangers = [OTHER, public_key(private_key(bytes(32)))]

    assert verified(BODY, headers, keys=strangers, now_s=NOW_S) == "no signature fits a key"


def test_no_signature_of_one_scheme_passes_for_the_other() -> None:
    """A `v1` under the name of `v1a` fits no key, and the other way round."""
    shared, pair = (_headers(item)["webhook-signature"] for item in (SECRET, PRIVATE))
    swapped = f"v1a,{shared.partition(',')[2]} v1,{pair.partition(',')[2]}"

    headers = _headers(SECRET, webhook_signature=swapped)
    assert verified(BODY, headers, keys=[SECRET, PUBLIC], now_s=NOW_S) is not None
