"""What fails on the way to the platform ends a command with its exit code, and says what to do."""

from __future__ import annotations

import socket

import pytest

from runtime.entrypoints.cli.client import (
    MOST_BYTES,
    REFUSED,
    UNREACHABLE,
    USAGE,
    Client,
    CommandError,
    NoAnswerError,
    ProblemError,
    Request,
)
from tests.servers.scripted_api import (
    HANG_UP,
    PROBLEM,
    Scripted,
    answer,
    problem,
    scripted_api,
)

READ = Request(method="GET", path="/v1/me")
CHANGE = Request(method="POST", path="/v1/projects", body={"name": "a"}, key="key-1")
SOON = {"Retry-After": "0"}


def client_of(url: str, *, timeout_s: float = 20) -> Client:
    """Return a client with some token."""
    return Client(url, token="pgt_secret", timeout_s=timeout_s)  # noqa: S106  # of nobody


def failure_of(client: Client, request: Request = READ) -> CommandError:
    """Return how a request fails."""
    with pytest.raises(CommandError) as failed:
        client.ask(request)
    return failed.value


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
    """Exit code 4, after as many requests as are safe and make sense."""
    with scripted_api([*script, answer({})]) as api:
        failed = failure_of(client_of(api.url), request_)

    assert failed.exit_code == UNREACHABLE
    assert len(api.asked) == times


def test_a_problem_is_told_with_its_code_its_detail_and_the_places() -> None:
    """One message; nothing in it commands the terminal; 4xx is exit code 1."""
    body = (
        b'{"code": "request_invalid", "detail": "2 parts \\u001b[31m",'
        b' "errors": [{"pointer": "/name", "detail": "too long"}]}'
    )
    with scripted_api([Scripted(status=422, body=body, kind=PROBLEM)]) as api:
        failed = failure_of(client_of(api.url), CHANGE)

    assert isinstance(failed, ProblemError)
    assert (failed.code, failed.exit_code) == ("request_invalid", REFUSED)
    assert str(failed) == "request_invalid: 2 parts ?[31m\n  /name: too long"
    assert len(api.asked) == 1


def test_no_redirect_is_followed() -> None:
    """The token goes to the address that was given and nowhere else."""
    with scripted_api() as elsewhere:
        moved = Scripted(status=307, headers={"Location": f"{elsewhere.url}/v1/me"})
        with scripted_api([moved]) as api:
            failed = failure_of(client_of(api.url))

    assert failed.exit_code == USAGE
    assert elsewhere.url in str(failed)
    assert elsewhere.asked == []


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
        failed = failure_of(client_of(api.url))

    assert failed.exit_code == UNREACHABLE
    assert "is --url or PLANGATE_URL right?" in str(failed)


def test_nobody_listening_is_said_with_what_to_do() -> None:
    """The message names the address, the reason and a remedy."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        failed = failure_of(client_of(url))

    assert isinstance(failed, NoAnswerError)
    assert failed.exit_code == UNREACHABLE
    assert str(failed).startswith(f"{url} does not answer (Connection refused)")
    assert "`plangate dev`" in str(failed)


def test_an_endless_answer_is_not_kept() -> None:
    """What is longer than any document is refused."""
    with scripted_api([Scripted(body=b" " * (MOST_BYTES + 1))]) as api:
        failed = failure_of(client_of(api.url))

    assert str(failed) == "the answer is longer than 64 MiB"


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
    with pytest.raises(CommandError) as failed:
        client_of(url)

    assert failed.value.exit_code == USAGE
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "pgt_ü", "x" * 4097])
def test_an_unusable_token_is_refused(token: str) -> None:
    """The message does not repeat it."""
    with pytest.raises(CommandError) as failed:
        Client("http://127.0.0.1", token=token)

    assert failed.value.exit_code == USAGE
    assert str(failed.value) == "the token has characters that no token has; copy it again"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"dependencies": 1}'])
def test_a_strangers_readiness_is_none(body: bytes) -> None:
    """Somebody else on the port is said to be that."""
    with scripted_api([Scripted(status=503, body=body)]) as api, pytest.raises(CommandError):
        Client(api.url, token=None).ready()


def test_a_long_answer_that_is_refused_is_a_problem() -> None:
    """It is read as any other problem."""
    with (
        scripted_api([problem(403, "not_allowed")]) as api,
        pytest.raises(ProblemError) as failed,
        client_of(api.url).reading(Request(method="GET", path="/v1/x")),
    ):
        raise AssertionError("nothing is to be read")

    assert failed.value.code == "not_allowed"


def test_a_broken_stream_ends_the_command() -> None:
    """What goes wrong while lines are read is a failure of the same kinds."""
    refused = problem(403, "not_allowed")
    with (
        scripted_api([refused]) as api,
        pytest.raises(ProblemError),
        client_of(api.url).following(READ),
    ):
        raise AssertionError("nothing is to be read")
