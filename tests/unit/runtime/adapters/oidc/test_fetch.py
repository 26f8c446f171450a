"""Issuers are asked briefly, and nothing but a small JSON object is taken from them."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from runtime.adapters.oidc.fetch import MAX_BODY_BYTES, Answer, IssuerClient
from runtime.domain.identity import IdentityRefusal
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    DISCOVERY,
    KEYS,
    TOKEN,
    Canned,
    IdentityProvider,
    identity_provider,
)
from tests.servers.receiver import a_receiver
from tests.unit.runtime.adapters.oidc.refusing import refuses

UNAVAILABLE = IdentityRefusal.UNAVAILABLE


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer."""
    with identity_provider() as served:
        yield served


@pytest.fixture
async def client(issuer: IdentityProvider) -> AsyncIterator[IssuerClient]:
    """Open a client."""
    opened = IssuerClient(issuers_way(issuer.url))
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/jwk-set+json"],
)
async def test_a_json_object_is_returned(
    content_type: str, issuer: IdentityProvider, client: IssuerClient
) -> None:
    """By any of the types that issuers use."""
    issuer.answers[KEYS] = Canned(body=b'{"keys":[]}', content_type=content_type)

    assert await client.get(issuer.url + KEYS) == {"keys": []}


@pytest.mark.parametrize(
    ("canned", "problem"),
    [
        pytest.param(Canned(status=503), "HTTP 503", id="down"),
        pytest.param(Canned(status=404), "HTTP 404", id="not there"),
        pytest.param(Canned(content_type="text/html"), "type is not JSON", id="a page"),
        pytest.param(Canned(content_type="text/plain"), "type is not JSON", id="plain text"),
        pytest.param(Canned(content_type="application/jwt"), "type is not JSON", id="a token"),
        pytest.param(Canned(body=b"{"), "not JSON", id="half"),
        pytest.param(Canned(body=b""), "not JSON", id="empty"),
        pytest.param(Canned(body=b"[]"), "no JSON object", id="a list"),
        pytest.param(Canned(body=b'{"a":1,"a":2}'), "every reader reads alike", id="a key twice"),
        pytest.param(
            Canned(body=b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}'), "more than 262144", id="large"
        ),
        pytest.param(
            Canned(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
            "not JSON",
            id="packed",
        ),
        pytest.param(
            Canned(
                body=gzip.compress(b'{"a":"' + b"x" * 100_000_000 + b'"}', 1),
                headers={"Content-Encoding": "gzip"},
            ),
            "HTTP 200, but of no use",
            id="a packed bomb",
        ),
    ],
)
async def test_what_is_no_small_json_object_is_refused(
    canned: Canned, problem: str, issuer: IdentityProvider, client: IssuerClient
) -> None:
    """An issuer that answers anything else is as good as down."""
    issuer.answers[KEYS] = canned

    with refuses(UNAVAILABLE, problem):
        await client.get(issuer.url + KEYS)


async def test_redirects_are_not_followed(issuer: IdentityProvider, client: IssuerClient) -> None:
    """Not to another path, and so not to another host."""
    issuer.answers[DISCOVERY] = Canned(status=302, headers={"Location": issuer.url + KEYS})

    with refuses(UNAVAILABLE, "HTTP 302"):
        await client.get(issuer.url + DISCOVERY)

    assert issuer.served[KEYS] == 0


async def test_a_silent_issuer_is_given_up(issuer: IdentityProvider) -> None:
    """After the time that the client was made with."""
    client = IssuerClient(issuers_way(issuer.url), timeout_s=0.05)
    try:
        with issuer.held(KEYS), refuses(UNAVAILABLE, "no complete answer within 0.05 s"):
            await client.get(issuer.url + KEYS)
    finally:
        await client.close()


async def test_a_closed_port_is_an_outage() -> None:
    """Nobody listens: that is the issuer's trouble, not the token's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        client = IssuerClient(issuers_way(url))

        with refuses(UNAVAILABLE, "can't be connected to"):
            await client.get(f"{url}/keys")
    await client.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1:{port}/keys", "http reaches only what the operator allows"),
        ("https://127.0.0.1:{port}/keys", "is not open"),
        ("https://127.0.0.1/keys", "its address is not public"),
        ("https://169.254.169.254/latest/meta-data/", "its address is not public"),
        ("https://localhost/keys", "a local name"),
    ],
)
async def test_an_issuer_sends_us_nowhere_inside(url: str, problem: str) -> None:
    """What an issuer's own documents name is judged: only its own host and port are open."""
    async with a_receiver() as canary:
        client = IssuerClient(issuers_way("https://login.example.com"))
        place = url.format(port=canary.port)
        with refuses(UNAVAILABLE, problem):
            await client.get(place)
        with refuses(UNAVAILABLE, problem):
            await client.post_form(place, {"code": "c"}, headers={})
        await client.close()

    assert canary.connections == set()


async def test_an_address_that_is_none_is_an_outage(client: IssuerClient) -> None:
    """Settings refuse it before; the client does not fall over it."""
    with refuses(UNAVAILABLE, "can't be reached"):
        await client.get("http://[/keys")


async def test_the_environments_proxy_is_not_used(
    issuer: IdentityProvider, client: IssuerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys come from the issuer, whatever the environment says."""
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setitem(os.environ, "http_proxy", "http://127.0.0.1:9")

    assert "keys" in await client.get(issuer.url + KEYS)


async def test_a_form_is_answered_whatever_the_status(
    issuer: IdentityProvider, client: IssuerClient
) -> None:
    """The caller judges; what was sent arrives letter by letter."""
    issuer.answers[TOKEN] = Canned(status=400, body=b'{"error":"invalid_grant"}')
    first = await client.post_form(issuer.url + TOKEN, {"code": "a b&c=d"}, headers={})
    del issuer.answers[TOKEN]
    await client.post_form(issuer.url + TOKEN, {"code": "a b&c=d"}, headers={})

    assert first == Answer(status=400, document={"error": "invalid_grant"})
    assert issuer.token_requests[0] == {"code": "a b&c=d"}


async def test_a_closed_client_asks_nobody(issuer: IdentityProvider) -> None:
    """Closing twice, or before the first request, is no error."""
    client = IssuerClient(issuers_way(issuer.url))
    await client.close()
    await client.close()

    with refuses(UNAVAILABLE, "shutting down"):
        await client.get(issuer.url + KEYS)
    assert issuer.served[KEYS] == 0
