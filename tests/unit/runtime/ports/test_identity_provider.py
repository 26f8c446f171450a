"""Settings that trust an issuer are checked before anything is trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from runtime.ports.identity_provider import (
    LoginStart,
    PendingLogin,
    SignatureAlgorithm,
    TrustedIssuer,
    VerifiedIdentity,
)

SECRET = "hunter2-hunter2"  # noqa: S105  # of nobody
ORGANIZATION = "org_00000000000000000000000000"


def trusted(**changes: Any) -> TrustedIssuer:  # noqa: ANN401  # any setting
    """Return good settings, changed; None takes one away."""
    good: dict[str, Any] = {
        "issuer": "https://issuer.test",
        "audiences": ("api",),
        "client_id": "console",
        "organization_id": ORGANIZATION,
    }
    settings = {**good, **changes}
    return TrustedIssuer.model_validate(
        {name: value for name, value in settings.items() if value is not None}
    )


def test_the_least_settings_are_the_strict_ones() -> None:
    """What is not said is not allowed."""
    settings = trusted()

    assert settings.algorithms == {SignatureAlgorithm.RS256, SignatureAlgorithm.ES256}
    assert (settings.leeway_s, settings.keys_max_age_s, settings.keys_kept_s) == (30, 600, 3_600)
    assert (settings.redirect_uris, settings.allow_http_loopback) == ((), False)
    assert settings.client_secret is None
    assert settings.claims == ()


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512", "ES256K", ""])
def test_algorithms_that_can_not_be_trusted_can_not_be_set(algorithm: str) -> None:
    """Not even by an operator who asks for it."""
    with pytest.raises(ValidationError):
        trusted(algorithms=[algorithm])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "http://issuer.test"}, id="issuer over http"),
        pytest.param({"issuer": "http://127.0.0.1"}, id="loopback where it is not allowed"),
        pytest.param({"issuer": "https://"}, id="issuer without a host"),
        pytest.param({"issuer": "issuer.test"}, id="issuer without a scheme"),
        pytest.param({"issuer": "https://u:p@issuer.test"}, id="issuer with a user"),
        pytest.param({"issuer": "https://issuer.test?a=1"}, id="issuer with a query"),
        pytest.param({"issuer": "https://issuer.test#a"}, id="issuer with a fragment"),
        pytest.param({"issuer": "https://issuer.test:x"}, id="issuer with a port of letters"),
        pytest.param({"issuer": "https://issu er.test"}, id="issuer with a space"),
        pytest.param({"issuer": "https://issuer.test\\@evil.test"}, id="issuer with a backslash"),
        pytest.param({"issuer": "https://issuer.test/\n"}, id="issuer with a line end"),
        pytest.param({"issuer": "https://\u0456ssuer.test"}, id="issuer with a look-alike"),
        pytest.param({"issuer": "https://[::1"}, id="issuer with half an address"),
        pytest.param({"audiences": ()}, id="no audience"),
        pytest.param({"audiences": ("",)}, id="empty audience"),
        pytest.param({"client_id": ""}, id="empty client"),
        pytest.param({"client_secret": ""}, id="empty secret"),
        pytest.param({"algorithms": []}, id="no algorithm"),
        pytest.param({"organization_id": None}, id="no organization"),
        pytest.param({"organization_claim": "org"}, id="organization by both"),
        pytest.param({"organization_id": "acme"}, id="organization is no id"),
        pytest.param(
            {"organization_id": None, "organization_claim": "sub"}, id="organization by subject"
        ),
        pytest.param(
            {"organization_id": None, "organization_claim": "email"}, id="organization by address"
        ),
        pytest.param({"claims": [f"c{n}" for n in range(21)]}, id="many claims"),
        pytest.param({"claims": ["team", "team"]}, id="a claim twice"),
        pytest.param({"claims": [""]}, id="a claim without a name"),
        pytest.param({"claims": ["a b"]}, id="two claims in one"),
        pytest.param({"claims": "team"}, id="claims that are no list"),
        pytest.param({"leeway_s": 121}, id="much leeway"),
        pytest.param({"leeway_s": -1}, id="negative leeway"),
        pytest.param({"keys_max_age_s": 7_200}, id="keys older than they are kept"),
        pytest.param({"login_scopes": ("email",)}, id="no openid"),
        pytest.param({"login_scopes": ("openid", "a b")}, id="two scopes in one"),
        pytest.param({"redirect_uris": ("http://app.test/cb",)}, id="return over http"),
        pytest.param({"redirect_uris": ("https://app.test/cb#x",)}, id="return to a fragment"),
        pytest.param({"redirect_uris": ("javascript:alert(1)",)}, id="return to a script"),
        pytest.param({"redirect_uris": ("/cb",)}, id="return without a host"),
        pytest.param({"verify": False}, id="unknown setting"),
    ],
)
def test_settings_that_would_trust_too_much_are_refused(changes: dict[str, Any]) -> None:
    """At start, not with the first token."""
    with pytest.raises(ValidationError):
        trusted(**changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_http_is_for_this_machine_where_it_is_allowed(host: str) -> None:
    """Development and tests need it; another host is never reached by it."""
    settings = trusted(issuer=f"http://{host}:8080", allow_http_loopback=True)

    assert settings.allows_url(f"http://{host}:8080/keys")
    assert not settings.allows_url("http://issuer.test/keys")
    assert not settings.allows_url("http://127.0.0.1.evil.test/keys")
    assert not settings.allows_url("ftp://127.0.0.1/keys")


def test_the_secret_is_in_no_repr_and_no_error() -> None:
    """Settings are printed and logged when something is wrong."""
    settings = trusted(client_secret=SECRET)

    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        trusted(organization_claim="x", client_secret=SECRET)  # the end of the input is shown
    assert "hunter2" not in str(caught.value)


def test_an_organization_may_come_from_a_claim() -> None:
    """Names of claims may be addresses."""
    settings = trusted(organization_id=None, organization_claim="https://plangate.test/org")

    assert settings.organization_id is None


def test_as_many_claims_as_may_be_are_listed() -> None:
    """By names that may be addresses."""
    names = ("https://plangate.test/team", *(f"c{n}" for n in range(19)))

    assert trusted(claims=names).claims == names


def test_settings_do_not_change() -> None:
    """What was checked stays as it was."""
    with pytest.raises(ValidationError):
        trusted().leeway_s = 100  # type: ignore[misc]  # the point of the test


def test_a_login_is_a_pending_login_and_hides_its_secrets() -> None:
    """What `start_login` returns can be kept and handed back."""
    start = LoginStart(
        issuer="https://issuer.test",
        redirect_uri="https://app.test/cb",
        url="https://issuer.test/authorize?state=hidden-1",
        state="hidden-1",
        nonce="hidden-2",
        verifier="hidden-3",
    )
    pending: PendingLogin = start

    assert pending.verifier == "hidden-3"
    assert "hidden" not in repr(start)


def test_an_identity_hides_the_address_and_the_claims() -> None:
    """Logs name a person by issuer and subject."""
    identity = VerifiedIdentity(
        issuer="https://issuer.test",
        subject="person-1",
        email="person@plangate.test",
        organization_id=ORGANIZATION,
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        claims='{"team":"hidden"}',
    )

    assert "hidden" not in repr(identity)
    assert "person@" not in repr(identity)
    assert "person-1" in repr(identity)
