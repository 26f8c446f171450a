"""A delivery is believed if a secret signed it as it came, and is named by what was signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.hook_signature import (
    SECRET_BYTES,
    WINDOW,
    Claim,
    HookStyle,
    SecretTextError,
    delivery_id,
    key_of,
    new_secret,
    read_claim,
)
from tests.signing_hooks import Headers, signed_github, signed_standard, signed_stripe

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BODY = b'{"id": "evt_1", "by": 2}'
SECRETS = {style: new_secret(style, bytes(range(SECRET_BYTES))) for style in HookStyle}
OTHERS = {style: new_secret(style, bytes(range(1, SECRET_BYTES + 1))) for style in HookStyle}


def signed(
    style: HookStyle, secret: str, body: bytes = BODY, *, at: datetime = NOW, named: str = "msg_1"
) -> Headers:
    """Sign a body in a style."""
    if style is HookStyle.STANDARD:
        return signed_standard(secret, body, named=named, at=at)
    if style is HookStyle.GITHUB:
        return signed_github(secret, body, named=named)
    return signed_stripe(secret, body, at=at)


def read(style: HookStyle, headers: Sequence[tuple[str, str]], body: bytes = BODY) -> Claim | None:
    """Read what a delivery says of itself."""
    return read_claim(style, [(name.encode(), value.encode()) for name, value in headers], body)


def claimed(style: HookStyle, headers: Sequence[tuple[str, str]], body: bytes = BODY) -> Claim:
    """Read what a delivery says of itself, which it has to say."""
    claim = read(style, headers, body)
    assert claim is not None
    return claim


def keys(style: HookStyle, *texts: str) -> list[bytes]:
    """Return the keys of secrets."""
    return [key_of(style, text) for text in texts]


@pytest.mark.parametrize("style", HookStyle)
def test_what_the_secret_signed_fits(style: HookStyle) -> None:
    """Also as the second of two secrets, as in a rotation."""
    claim = claimed(style, signed(style, SECRETS[style]))

    assert claim.fits(keys(style, SECRETS[style]))
    assert claim.fits(keys(style, OTHERS[style], SECRETS[style]))


@pytest.mark.parametrize("style", HookStyle)
def test_what_another_secret_signed_does_not_fit(style: HookStyle) -> None:
    """And nothing fits where there is no secret."""
    claim = claimed(style, signed(style, OTHERS[style]))

    assert not claim.fits(keys(style, SECRETS[style]))
    assert not claim.fits([])


@pytest.mark.parametrize("style", HookStyle)
def test_no_byte_of_the_body_may_change(style: HookStyle) -> None:
    """Not even one that no reader of JSON looks at."""
    headers = signed(style, SECRETS[style])

    for changed in (BODY + b" ", BODY.replace(b"2", b"3"), b"", BODY[:-1]):
        assert not claimed(style, headers, changed).fits(keys(style, SECRETS[style]))


@pytest.mark.parametrize(
    ("style", "header", "value"),
    [
        pytest.param(HookStyle.STANDARD, "webhook-id", "msg_2", id="another id"),
        pytest.param(HookStyle.STANDARD, "webhook-timestamp", "1767614401", id="another instant"),
        pytest.param(
            HookStyle.STRIPE,
            "stripe-signature",
            signed_stripe(SECRETS[HookStyle.STRIPE], BODY, at=NOW)[0][1].replace(
                "t=1767614400", "t=1767614401"
            ),
            id="another instant of Stripe's style",
        ),
    ],
)
def test_what_the_headers_sign_may_not_change(style: HookStyle, header: str, value: str) -> None:
    """Else a replay would only have to lie about id or instant."""
    headers = {**dict(signed(style, SECRETS[style])), header: value}

    assert not claimed(style, list(headers.items())).fits(keys(style, SECRETS[style]))


def test_one_fitting_signature_of_several_is_enough() -> None:
    """A sender that rotates its secret signs with both."""
    style = HookStyle.STANDARD
    other = "v1," + base64.b64encode(b"x" * 32).decode()
    headers = signed_standard(
        SECRETS[style], BODY, named="m", at=NOW, more=("v1a,Zm9v", other, "v1,?")
    )
    stripe = signed_stripe(
        SECRETS[HookStyle.STRIPE], BODY, at=NOW, more=f"v0={'0' * 64},v1={'0' * 64},v1=ab,"
    )

    assert claimed(style, headers).fits(keys(style, SECRETS[style]))
    assert claimed(HookStyle.STRIPE, stripe).fits(keys(HookStyle.STRIPE, SECRETS[HookStyle.STRIPE]))


def changed(headers: Headers, name: str, change: Callable[[str], str]) -> Headers:
    """Change the value of a header."""
    return [(item, change(value) if item == name else value) for item, value in headers]


STANDARD = signed(HookStyle.STANDARD, SECRETS[HookStyle.STANDARD])
GITHUB = signed(HookStyle.GITHUB, SECRETS[HookStyle.GITHUB])
STRIPE = signed(HookStyle.STRIPE, SECRETS[HookStyle.STRIPE])


@pytest.mark.parametrize(
    ("style", "headers"),
    [
        pytest.param(HookStyle.STANDARD, [], id="nothing"),
        pytest.param(HookStyle.STANDARD, STANDARD[1:], id="no id"),
        pytest.param(HookStyle.STANDARD, GITHUB, id="another style"),
        pytest.param(HookStyle.STANDARD, [*STANDARD, STANDARD[0]], id="an id twice"),
        pytest.param(HookStyle.STANDARD, [*STANDARD, STANDARD[2]], id="a signature twice"),
        pytest.param(
            HookStyle.STANDARD, changed(STANDARD, "webhook-id", lambda _: "a b"), id="a strange id"
        ),
        pytest.param(
            HookStyle.STANDARD,
            changed(STANDARD, "webhook-id", lambda _: "x" * 129),
            id="a long id",
        ),
        pytest.param(
            HookStyle.STANDARD,
            changed(STANDARD, "webhook-timestamp", lambda _: "1_000"),
            id="a strange instant",
        ),
        pytest.param(
            HookStyle.STANDARD,
            changed(STANDARD, "webhook-signature", lambda text: " ".join([text] * 11)),
            id="eleven signatures",
        ),
        pytest.param(
            HookStyle.STANDARD,
            changed(STANDARD, "webhook-signature", lambda text: text + " " * 2_000),
            id="a long header",
        ),
        pytest.param(
            HookStyle.GITHUB,
            changed(GITHUB, "x-hub-signature-256", lambda text: text.replace("256", "1")),
            id="another digest",
        ),
        pytest.param(
            HookStyle.GITHUB,
            changed(GITHUB, "x-hub-signature-256", lambda text: text[:-1] + "G"),
            id="no digits",
        ),
        pytest.param(
            HookStyle.STRIPE,
            changed(STRIPE, "stripe-signature", lambda text: "t=1," + text),
            id="two instants",
        ),
        pytest.param(
            HookStyle.STRIPE,
            changed(STRIPE, "stripe-signature", lambda text: text.replace("t=", "t=0")),
            id="an instant with a zero",
        ),
        pytest.param(
            HookStyle.STRIPE,
            changed(STRIPE, "stripe-signature", lambda text: text + f",v1={'0' * 64}" * 10),
            id="eleven signatures of Stripe's style",
        ),
    ],
)
def test_what_is_not_signed_in_the_style_claims_nothing(style: HookStyle, headers: Headers) -> None:
    """It is not guessed what was meant."""
    assert read(style, headers) is None


@pytest.mark.parametrize("style", [HookStyle.STANDARD, HookStyle.STRIPE])
def test_an_instant_outside_the_window_is_stale(style: HookStyle) -> None:
    """In both directions, and to the second."""
    second = timedelta(seconds=1)
    for at, stale in (
        (NOW - WINDOW, False),
        (NOW + WINDOW, False),
        (NOW - WINDOW - second, True),
        (NOW + WINDOW + second, True),
    ):
        assert claimed(style, signed(style, SECRETS[style], at=at)).stale(NOW) is stale


def test_a_style_without_an_instant_is_never_stale() -> None:
    """Its deliveries stay known instead."""
    claim = claimed(HookStyle.GITHUB, GITHUB)

    assert (claim.sent_at, claim.id) == (None, None)
    assert not claim.stale(NOW + timedelta(days=900))


def test_a_delivery_is_named_by_what_was_signed() -> None:
    """The id of a header, of the body, or the body itself; never by a header beside them."""
    digest = "sha256:" + hashlib.sha256(BODY).hexdigest()
    document = {"id": "evt_1"}

    assert delivery_id(claimed(HookStyle.STANDARD, STANDARD), BODY, document) == "msg_1"
    assert delivery_id(claimed(HookStyle.GITHUB, GITHUB), BODY, document) == digest
    assert delivery_id(claimed(HookStyle.STRIPE, STRIPE), BODY, document) == "evt_1"


@pytest.mark.parametrize("document", [None, [], {}, {"id": 7}, {"id": ""}, {"id": "x" * 129}])
def test_a_body_without_an_id_names_itself(document: object) -> None:
    """Where the style has its id there."""
    claim = claimed(HookStyle.STRIPE, STRIPE)

    assert delivery_id(claim, BODY, document).startswith("sha256:")


@pytest.mark.parametrize("style", HookStyle)
def test_a_new_secret_can_be_used(style: HookStyle) -> None:
    """And no two look alike."""
    assert len(key_of(style, SECRETS[style])) >= SECRET_BYTES
    assert SECRETS[style] != OTHERS[style]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        pytest.param(HookStyle.STANDARD, "x" * 44, id="without its prefix"),
        pytest.param(HookStyle.STANDARD, "whsec_" + "?" * 44, id="no Base64"),
        pytest.param(HookStyle.STANDARD, "whsec_" + "\u00e9" * 44, id="no ASCII"),
        pytest.param(
            HookStyle.STANDARD, "whsec_" + base64.b64encode(bytes(23)).decode(), id="too short"
        ),
        pytest.param(
            HookStyle.STANDARD, "whsec_" + base64.b64encode(bytes(65)).decode(), id="too long"
        ),
        pytest.param(HookStyle.GITHUB, "x" * 15, id="guessable"),
        pytest.param(HookStyle.GITHUB, "x y" * 10, id="with spaces"),
        pytest.param(HookStyle.STRIPE, "x" * 201, id="endless"),
    ],
)
def test_a_text_that_is_no_secret_is_refused_and_not_repeated(style: HookStyle, text: str) -> None:
    """Whoever states one may have made a slip, and it goes into no log."""
    with pytest.raises(SecretTextError) as refused:
        key_of(style, text)

    assert text not in str(refused.value)
