"""Each claim is judged by type, range and expectation; the forged tokens of the contract go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from runtime.adapters.oidc.claims import (
    MOST_CARRIED_BYTES,
    Expectation,
    identity_of,
    same_text,
)
from runtime.domain.identity import IdentityRefusal
from runtime.ports.identity_provider import TrustedIssuer, VerifiedIdentity
from tests.unit.runtime.adapters.oidc.refusing import refuses

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW_S: Final = int(NOW.timestamp())
TRUSTED: Final = TrustedIssuer(
    issuer="https://issuer.test",
    audiences=("api",),
    client_id="console",
    organization_id="org_00000000000000000000000000",
    leeway_s=10,
)
BEARER: Final = Expectation(audiences=frozenset({"api"}), client_id="console")
LOGIN: Final = Expectation(audiences=frozenset({"console"}), client_id="console", nonce="n" * 43)


def claims(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # claims are any JSON
    """Return good claims, changed."""
    good = {
        "iss": "https://issuer.test",
        "sub": "person-1",
        "aud": "api",
        "iat": NOW_S - 60,
        "exp": NOW_S + 60,
    }
    return {**good, **changes}


def judged(
    given: dict[str, Any], expected: Expectation = BEARER, *, carried: tuple[str, ...] = ()
) -> VerifiedIdentity:
    """Judge claims now, by settings that list some to carry."""
    trusted = TRUSTED.model_copy(update={"claims": carried})
    return identity_of(given, trusted, expected=expected, now=NOW)


def test_an_identity_is_what_the_claims_say() -> None:
    """Issuer and organization come from the settings, the rest from the claims."""
    assert judged(claims()) == VerifiedIdentity(
        issuer="https://issuer.test",
        subject="person-1",
        organization_id="org_00000000000000000000000000",
        expires_at=NOW + timedelta(seconds=60),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"exp": NOW_S - 9}, None, id="ended within the leeway"),
        pytest.param({"exp": NOW_S - 10}, IdentityRefusal.EXPIRED, id="ended at the leeway"),
        pytest.param({"iat": NOW_S + 10}, None, id="issued within the leeway"),
        pytest.param({"iat": NOW_S + 11}, IdentityRefusal.NOT_YET_VALID, id="issued later"),
        pytest.param({"nbf": NOW_S + 10}, None, id="begins within the leeway"),
        pytest.param({"nbf": NOW_S + 11}, IdentityRefusal.NOT_YET_VALID, id="begins later"),
        pytest.param({"exp": NOW_S + 86_340}, None, id="lasts a day"),
        pytest.param({"exp": NOW_S + 86_341}, IdentityRefusal.LIFETIME, id="lasts longer"),
        pytest.param({"exp": NOW_S, "iat": NOW_S}, IdentityRefusal.LIFETIME, id="lasts no time"),
    ],
)
def test_times_are_bounded_to_the_second(
    changes: dict[str, Any], reason: IdentityRefusal | None
) -> None:
    """By the leeway of the settings and the greatest lifetime, from both sides."""
    if reason is None:
        assert judged(claims(**changes)).subject == "person-1"
        return
    with refuses(reason):
        judged(claims(**changes))


@pytest.mark.parametrize(
    ("changes", "expected", "reason"),
    [
        pytest.param({"azp": "machine"}, BEARER, None, id="bearer for us alone"),
        pytest.param({"aud": ["api", "b"]}, BEARER, None, id="bearer for several"),
        pytest.param({"aud": ["api", "b"], "azp": "console"}, BEARER, None, id="by our client"),
        pytest.param(
            {"aud": ["api", "b"], "azp": "machine"},
            BEARER,
            IdentityRefusal.AUDIENCE,
            id="bearer for several, by another client",
        ),
        pytest.param({"aud": "console", "nonce": "n" * 43}, LOGIN, None, id="login"),
        pytest.param(
            {"aud": "console", "nonce": "n" * 43, "azp": "machine"},
            LOGIN,
            IdentityRefusal.AUDIENCE,
            id="login by another client",
        ),
        pytest.param(
            {"aud": "api", "nonce": "n" * 43},
            LOGIN,
            IdentityRefusal.AUDIENCE,
            id="bearer as login",
        ),
    ],
)
def test_who_a_token_is_for(
    changes: dict[str, Any], expected: Expectation, reason: IdentityRefusal | None
) -> None:
    """An audience of ours, and our client where several may use it or a person logs in."""
    if reason is None:
        assert judged(claims(**changes), expected).subject == "person-1"
        return
    with refuses(reason):
        judged(claims(**changes), expected)


def test_claims_of_another_issuer_are_refused_here_too() -> None:
    """Whoever calls this with the wrong settings gets nobody's identity."""
    with refuses(IdentityRefusal.ISSUER):
        judged(claims(iss="https://other.test"))


def test_the_nonce_is_not_in_the_repr() -> None:
    """It is a secret of the login."""
    assert "nnn" not in repr(LOGIN)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        pytest.param("abc", "abc", True, id="same"),
        pytest.param("abc", "abd", False, id="different"),
        pytest.param("ab", "abc", False, id="shorter"),
        pytest.param("\u0436", "abc", False, id="not ASCII"),
        pytest.param("\ud800", "abc", False, id="a lone surrogate"),
    ],
)
def test_texts_are_compared_whatever_they_hold(found: str, expected: str, *, same: bool) -> None:
    """No text of a caller makes the comparison fail in another way."""
    assert same_text(found, expected) is same


@pytest.mark.parametrize(
    ("carried", "expected", "text"),
    [
        pytest.param((), BEARER, "", id="none listed"),
        pytest.param(("team", "groups"), BEARER, '{"groups":["b","a"],"team":"ops"}', id="both"),
        pytest.param(("team", "level"), BEARER, '{"team":"ops"}', id="one that is not there"),
        pytest.param(("level",), BEARER, "", id="none that is there"),
        pytest.param(("nothing",), BEARER, '{"nothing":null}', id="one that is null"),
        pytest.param(("team", "level"), LOGIN, '{"team":"ops"}', id="of a login"),
        pytest.param((), LOGIN, "", id="none listed for a login"),
    ],
)
def test_claims_are_carried_only_if_the_settings_list_them(
    carried: tuple[str, ...], expected: Expectation, text: str
) -> None:
    """As canonical JSON, of bearer tokens and of logins."""
    told = {"team": "ops", "groups": ["b", "a"], "nothing": None, "roles": ["owner"]}
    made_for = {"aud": ["api", "console"], "azp": "console", "nonce": "n" * 43}

    assert judged(claims(**told, **made_for), expected, carried=carried).claims == text


_MOST_LETTERS: Final = MOST_CARRIED_BYTES - len('{"a":""}')


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("x" * _MOST_LETTERS, None, id="as much as may be"),
        pytest.param("x" * (_MOST_LETTERS + 1), IdentityRefusal.OVERSIZED, id="a letter more"),
        pytest.param("\u00e9" * (_MOST_LETTERS // 2), None, id="bytes are counted"),
        pytest.param(
            "\u00e9" * (_MOST_LETTERS // 2 + 1), IdentityRefusal.OVERSIZED, id="and not letters"
        ),
        pytest.param(float("nan"), IdentityRefusal.CLAIM_INVALID, id="no number"),
        pytest.param(2**60 + 1, IdentityRefusal.CLAIM_INVALID, id="a number that readers round"),
        pytest.param("\ud800", IdentityRefusal.CLAIM_INVALID, id="no text"),
        pytest.param(NOW, IdentityRefusal.CLAIM_INVALID, id="no JSON at all"),
    ],
)
def test_claims_that_can_not_be_carried_refuse_the_token(
    value: Any,  # noqa: ANN401  # claims are any JSON, these are not even that
    reason: IdentityRefusal | None,
) -> None:
    """Without them a policy would judge somebody else; unlisted ones are not looked at."""
    for_login = {"aud": "console", "nonce": "n" * 43}
    for told, expected in (({}, BEARER), (for_login, LOGIN)):
        made = claims(a=value, **told)
        assert judged(made, expected).claims == ""
        if reason is None:
            carried = judged(made, expected, carried=("a",)).claims
            assert len(carried.encode()) == MOST_CARRIED_BYTES
            continue
        with refuses(reason):
            judged(made, expected, carried=("a",))
