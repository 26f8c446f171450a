"""The transport sends what it is told, again where that is safe, and says plainly what failed."""

from __future__ import annotations

import socket

import pytest

from runtime.client.errors import (
    ClientError,
    NoAnswerError,
    ProblemError,
    RedirectedError,
    StrangerError,
    TooLongError,
    UnusableError,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import MOST_BYTES, Transport
from tests.servers.scripted_api import (
    HANG_UP,
    PROBLEM,
    SILENCE,
    Scripted,
    answer,
    problem,
    scripted_api,
)

READ = Request(method="GET", path="/v1/me")
CHANGE = Request(method="POST", path="/v1/projects", body={"name": "a"}, key="key-1")
SOON = {"Retry-After": "0"}


def transport_of(url: str, *, timeout_s: float = 20) -> Transport:
    """Return a transport with some token."""
    return Transport(url, token="pgt_secret", timeout_s=timeout_s)  # noqa: S106  # of nobody


def failure_of(transport: Transport, request: Request = READ) -> ClientError:
    """Return how a request fails."""
    with pytest.raises(ClientError) as failed:
        transport.ask(request)
    return failed.value


def test_a_request_is_sent_as_it_is_meant() -> None:
    """Path below the address's own, query without what is unset, body, token and key."""
    request = Request(
        method="PUT",
        path=path_of("projects", "a b/c", verb="x"),
        query={"limit": 5, "cursor": None},
        body={"name": "ä"},
        key="key-1",
        headers={"If-Match": '"3"'},
    )
    with scripted_api([answer({"id": "prj_1"})]) as api:
        found = transport_of(f"{api.url}/base/").ask(request)

    (asked,) = api.asked
    assert found == {"id": "prj_1"}
    assert (asked.method, asked.target) == ("PUT", "/base/v1/projects/a%20b%2Fc:x?limit=5")
    assert asked.json == {"name": "ä"}
    assert asked.headers["authorization"] == "Bearer pgt_secret"
    assert asked.headers["idempotency-key"] == "key-1"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["if-match"] == '"3"'


def test_what_is_not_given_is_not_sent() -> None:
    """A read without a token carries neither credential, nor key, nor body."""
    with scripted_api([answer({})]) as api:
        Transport(api.url, token=None).ask(READ)

    (asked,) = api.asked
    assert asked.body == b""
    assert asked.headers.keys().isdisjoint({"authorization", "idempotency-key", "content-type"})


@pytest.mark.parametrize(
    ("first", "request_"),
    [
        pytest.param(HANG_UP, READ, id="lost answer to a read"),
        pytest.param(HANG_UP, CHANGE, id="lost answer to a change"),
        pytest.param(problem(503, "lease_lost", headers=SOON), CHANGE, id="unavailable for now"),
    ],
)
def test_a_safe_request_is_sent_again(first: Scripted, request_: Request) -> None:
    """Once more, and a change with the same key, so that it acts once."""
    with scripted_api([first, answer({"id": "x"})]) as api:
        found = transport_of(api.url).ask(request_)

    assert found == {"id": "x"}
    assert len(api.asked) == 2
    assert api.asked[0] == api.asked[1]


@pytest.mark.parametrize(
    ("script", "request_", "times"),
    [
        pytest.param(
            [HANG_UP], Request(method="POST", path="/v1/x"), 1, id="a change without a key"
        ),
        pytest.param([HANG_UP, HANG_UP], CHANGE, 2, id="the second time"),
        pytest.param([problem(503, "model_missing")], CHANGE, 1, id="nobody says when"),
        pytest.param([problem(503, "down", headers=SOON)] * 2, CHANGE, 2, id="still unavailable"),
        pytest.param([problem(500, "internal")], CHANGE, 1, id="a fault"),
    ],
)
def test_what_stays_unanswered_is_a_failure_of_the_platform(
    script: list[Scripted], request_: Request, times: int
) -> None:
    """After as many requests as are safe and make sense."""
    with scripted_api([*script, answer({})]) as api:
        failed = failure_of(transport_of(api.url), request_)

    assert isinstance(failed, NoAnswerError | ProblemError)
    assert len(api.asked) == times


def test_a_problem_is_told_with_its_code_its_detail_and_the_places() -> None:
    """Each part is an attribute; nothing in the message commands a terminal."""
    body = (
        b'{"code": "request_invalid", "detail": "2 parts \\u001b[31m",'
        b' "errors": [{"pointer": "/name", "detail": "too long"}]}'
    )
    with scripted_api([Scripted(status=422, body=body, kind=PROBLEM)]) as api:
        failed = failure_of(transport_of(api.url), CHANGE)

    assert isinstance(failed, ProblemError)
    assert (failed.status, failed.code, failed.detail) == (422, "request_invalid", "2 parts ?[31m")
    assert [(at.pointer, at.detail) for at in failed.places] == [("/name", "too long")]
    assert (failed.retry_after_s, failed.document["code"]) == (None, "request_invalid")
    assert str(failed) == "request_invalid: 2 parts ?[31m\n  /name: too long"
    assert len(api.asked) == 1


def test_no_redirect_is_followed() -> None:
    """The token goes to the address that was given and nowhere else."""
    with scripted_api() as elsewhere:
        moved = Scripted(status=307, headers={"Location": f"{elsewhere.url}/v1/me"})
        with scripted_api([moved]) as api:
            failed = failure_of(transport_of(api.url))

    assert isinstance(failed, RedirectedError)
    assert elsewhere.url in str(failed)
    assert elsewhere.asked == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that other programs listen to does not see the token."""
    with scripted_api() as proxy, scripted_api([answer({"id": "x"})]) as api:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        found = transport_of(api.url).ask(READ)

    assert found == {"id": "x"}
    assert proxy.asked == []


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(Scripted(body=b"<html>", kind="text/html"), id="a page"),
        pytest.param(Scripted(status=502, body=b"<html>", kind="text/html"), id="a proxy's page"),
        pytest.param(Scripted(status=404, body=b"[]"), id="another API"),
        pytest.param(Scripted(status=404, body=b'{"error": "no"}'), id="other problem details"),
    ],
)
def test_a_stranger_is_known_for_one(stranger: Scripted) -> None:
    """Whoever answers otherwise than Plangate makes the address suspect."""
    with scripted_api([stranger]) as api:
        failed = failure_of(transport_of(api.url))

    assert isinstance(failed, StrangerError)
    assert "expected a document of Plangate" in str(failed)


def test_nobody_listening_is_said_with_what_to_do() -> None:
    """The message names the address and the reason."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        failed = failure_of(transport_of(url))

    assert isinstance(failed, NoAnswerError)
    assert str(failed).startswith(f"{url} does not answer (Connection refused)")


def test_silence_ends() -> None:
    """A platform that never answers is given up after the time that it has, twice."""
    with scripted_api([SILENCE, SILENCE]) as api:
        failed = failure_of(transport_of(api.url, timeout_s=0.1))

    assert "timed out" in str(failed)
    assert len(api.asked) == 2


def test_an_endless_answer_is_not_kept() -> None:
    """What is longer than any document is refused."""
    with scripted_api([Scripted(body=b" " * (MOST_BYTES + 1))]) as api:
        failed = failure_of(transport_of(api.url))

    assert isinstance(failed, TooLongError)
    assert str(failed) == "the answer is longer than 64 MiB"


def test_https_speaks_tls() -> None:
    """A server that has none does not answer; the token is not sent in the open."""
    with scripted_api() as api:
        failed = failure_of(transport_of(api.url.replace("http", "https")))

    assert isinstance(failed, NoAnswerError)
    assert api.asked == []


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("plangate.example.com", id="no scheme"),
        pytest.param("ftp://plangate.example.com", id="another scheme"),
        pytest.param("http://", id="no host"),
        pytest.param("http://host:port", id="a port in words"),
        pytest.param("http://[::1", id="half an address"),
        pytest.param("http://ann:hunter2@host", id="a login"),
        pytest.param("http://host?x=1", id="a query"),
        pytest.param("http://host#x", id="a fragment"),
    ],
)
def test_an_unusable_address_is_refused(url: str) -> None:
    """Before anything is sent, and without repeating a password."""
    with pytest.raises(ClientError) as failed:
        transport_of(url)

    assert isinstance(failed.value, UnusableError)
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "pgt_ü", "x" * 4097])
def test_an_unusable_token_is_refused(token: str) -> None:
    """The message does not repeat it."""
    with pytest.raises(ClientError) as failed:
        Transport("http://127.0.0.1", token=token)

    assert isinstance(failed.value, UnusableError)
    assert str(failed.value) == "the token has characters that no token has; copy it again"


def test_readiness_is_asked_once_and_told_by_name() -> None:
    """Nothing when it can serve, else what it waits for; no second request hides the first."""
    found = {"dependencies": {"database": {"status": "up"}, "redis": {"status": "down"}}}
    with scripted_api([answer(found, status=503), answer({"status": "ready"})]) as api:
        transport = Transport(api.url, token=None)
        waits, ready = transport.ready(), transport.ready()

    assert (waits, ready) == ("redis", None)
    assert [asked.target for asked in api.asked] == ["/v1/readyz"] * 2


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"dependencies": 1}'])
def test_a_strangers_readiness_is_none(body: bytes) -> None:
    """Somebody else on the port is said to be that."""
    with scripted_api([Scripted(status=503, body=body)]) as api, pytest.raises(ClientError):
        Transport(api.url, token=None).ready()


def test_a_long_answer_is_read_in_parts() -> None:
    """None of it has to fit into memory."""
    body = b"line\n" * 50_000
    with (
        scripted_api([Scripted(body=body)]) as api,
        transport_of(api.url).reading(Request(method="GET", path="/v1/x")) as parts,
    ):
        read = list(parts)

    assert b"".join(read) == body
    assert len(read) > 1


def test_a_long_answer_that_is_refused_is_a_problem() -> None:
    """It is read as any other problem."""
    with (
        scripted_api([problem(403, "not_allowed")]) as api,
        pytest.raises(ProblemError) as failed,
        transport_of(api.url).reading(Request(method="GET", path="/v1/x")),
    ):
        raise AssertionError("nothing is to be read")

    assert failed.value.code == "not_allowed"


def test_each_key_is_its_own() -> None:
    """Two requests never share one."""
    assert len({fresh_key() for _ in range(1_000)}) == 1_000


def test_pages_are_asked_for_as_they_are_needed() -> None:
    """Each names the cursor of the one before; whoever stops early asks no more."""
    pages = [
        answer({"items": [1, 2], "next_cursor": "c1"}),
        answer({"items": [3], "next_cursor": None}),
    ]
    with scripted_api([*pages, pages[0]]) as api:
        transport = transport_of(api.url)
        request = Request(method="GET", path="/v1/x", query={"status": ["a", "b"], "limit": 2})
        found = list(transport.pages(request))
        first = next(transport.pages(request))

    asked = "/v1/x?status=a&status=b&limit=2"
    sent = [at.target for at in api.asked]
    assert (found, first) == ([1, 2, 3], 1)
    assert [
        target.replace("limit=2&status=a&status=b", "status=a&status=b&limit=2") for target in sent
    ] == [asked, f"{asked}&cursor=c1", asked]


def test_an_answer_without_a_document_is_none() -> None:
    """What ends something may have nothing to say."""
    with scripted_api([Scripted(status=204)]) as api:
        assert transport_of(api.url).ask(CHANGE) is None


def test_where_a_browser_is_sent_is_told() -> None:
    """An answer that sends nobody anywhere is a stranger's, a refused one is a problem."""
    request = Request(method="GET", path="/v1/sessions:login")
    sent = Scripted(status=302, headers={"Location": "https://idp.example/x"})
    with scripted_api([sent, answer({}), problem(404, "issuer_missing")]) as api:
        transport = transport_of(api.url)
        where = transport.location(request)
        with pytest.raises(StrangerError):
            transport.location(request)
        with pytest.raises(ProblemError):
            transport.location(request)

    assert where == "https://idp.example/x"


def test_a_stream_is_asked_for_as_one() -> None:
    """Its lines come as they are."""
    body = b"event: a\ndata: {}\n\n"
    with (
        scripted_api([Scripted(body=body, kind="text/event-stream")]) as api,
        transport_of(api.url).following(READ) as lines,
    ):
        read = list(lines)

    assert b"".join(read) == body
    assert api.asked[0].headers["accept"] == "text/event-stream"
