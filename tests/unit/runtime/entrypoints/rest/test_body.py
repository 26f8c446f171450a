"""A body is read as far as its caps allow, and as JSON that every reader reads alike."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.agent.media import MAX_ATTACHMENT_BYTES
from runtime.entrypoints.rest.body import BodyCaps, CappedRequest
from runtime.entrypoints.rest.problems import ProblemError
from tests.unit.runtime.entrypoints.rest.platform import Scripted, an_app, ask, said


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param([b" " * 32, b" " * 33], 413, id="one byte too many, in parts"),
        pytest.param([b" " * 65], 413, id="one byte too many, at once"),
        pytest.param([b" " * 32, b" " * 32], 400, id="as many as allowed, but nothing in them"),
    ],
)
async def test_a_body_ends_at_its_cap(parts: list[bytes], status: int) -> None:
    """The cap is on what arrives, not on what a header says."""
    app = an_app(caps=BodyCaps(size_bytes=64))

    answered = await ask(app, parts=parts)

    assert answered.status == status
    assert answered.code == ("body_too_large" if status == 413 else "body_unreadable")


async def test_a_body_that_never_ends_is_given_up() -> None:
    """A caller that sends nothing holds nothing."""

    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    app = an_app(caps=BodyCaps(time_s=0.01))
    scope = {"type": "http", "method": "POST", "headers": [], "app": app}

    with pytest.raises(ProblemError, match=r"not here within 0\.01 s") as caught:
        await CappedRequest(scope, silent).body()

    assert caught.value.status_code == 408


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(b"{", "not readable", id="cut off"),
        pytest.param(b'{"seed": NaN}', "not readable", id="NaN"),
        pytest.param(b'{"seed": 1, "seed": 2}', "repeated key", id="a key twice"),
        pytest.param(b'{"a": "\\ud800"}', "not readable", id="half a character"),
        pytest.param(b"[" * 5_000 + b"]" * 5_000, "the body", id="too deep"),
        pytest.param(b"\xff", "not readable", id="no UTF-8"),
    ],
)
async def test_a_body_that_two_readers_read_differently_is_refused(
    body: bytes, detail: str
) -> None:
    """It is the caller's fault, and named."""
    answered = await ask(an_app(Scripted()), parts=[body])

    assert (answered.status, answered.code) == (400, "body_unreadable")
    assert detail in answered.json["detail"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("text/plain", id="what any page may send"),
        pytest.param("application/x-www-form-urlencoded", id="a form"),
        pytest.param("application/problem+json", id="a JSON of another kind"),
        pytest.param("", id="none"),
    ],
)
async def test_only_json_is_taken(kind: str) -> None:
    """A page of another site would have to ask the browser first, which is never answered."""
    model = Scripted()

    answered = await ask(an_app(model), document=said(), headers={"content-type": kind})

    assert (answered.status, answered.code) == (415, "body_type_unsupported")
    assert model.seen == []


async def test_json_may_name_its_encoding() -> None:
    """Clients add it."""
    headers = {"content-type": "Application/JSON; charset=utf-8"}

    answered = await ask(an_app(Scripted()), document=said(), headers=headers)

    assert answered.status == 200


async def test_the_largest_file_that_a_model_is_shown_fits() -> None:
    """The caps of production leave room for it, spelled as base64."""
    file = {"name": "a.txt", "mime": "text/plain", "base64": "YWFh" * (MAX_ATTACHMENT_BYTES // 3)}
    document = {"conversation": {"message": "Read", "attachments": [file]}}

    answered = await ask(an_app(Scripted()), document=document)

    assert answered.status == 200


async def test_a_body_whose_sender_hangs_up_is_none() -> None:
    """Half of it is not taken for the whole."""
    parts: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return parts.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [], "app": an_app()}

    with pytest.raises(ClientDisconnect):
        await CappedRequest(scope, receive).body()


async def test_a_body_is_read_once() -> None:
    """Whoever asks again gets the same document."""
    parts = [{"type": "http.request", "body": b'{"a":1}'}]

    async def receive() -> Message:
        return parts.pop(0)

    request = CappedRequest(
        {"type": "http", "method": "POST", "headers": [], "app": an_app()}, receive
    )

    assert (await request.json()) is (await request.json())


async def test_a_large_body_holds_up_nobody() -> None:
    """It is read beside the event loop, which goes on."""
    parts = [{"type": "http.request", "body": b'{"a":"' + b"x" * 1_000_000 + b'"}'}]
    went_on = asyncio.Event()

    async def receive() -> Message:
        asyncio.get_running_loop().call_soon(went_on.set)
        return parts.pop(0)

    request = CappedRequest(
        {"type": "http", "method": "POST", "headers": [], "app": an_app()}, receive
    )

    document = await request.json()

    assert went_on.is_set()
    assert document == {"a": "x" * 1_000_000}
