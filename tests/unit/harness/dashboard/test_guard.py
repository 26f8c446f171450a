"""Check who may address the server and what every answer says to the browser."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from harness.dashboard.guard import LOOPBACK, OWN_PAGES, Guard, Hosts
from tests.unit.harness.dashboard.builders import ask

EVERYWHERE = Hosts(names=frozenset({*LOOPBACK, "reports.internal"}), any_address=True)


@pytest.mark.parametrize(
    ("host", "here", "everywhere"),
    [
        pytest.param("127.0.0.1:8787", True, True, id="loopback"),
        pytest.param("localhost", True, True, id="its name"),
        pytest.param("LOCALHOST.:80", True, True, id="its name, otherwise spelled"),
        pytest.param("[::1]:8787", True, True, id="loopback of IPv6"),
        pytest.param("192.0.2.7:8787", False, True, id="an address"),
        pytest.param("[2001:db8::1]", False, True, id="an address of IPv6"),
        pytest.param("reports.internal", False, True, id="a name that was given"),
        pytest.param("evil.example", False, False, id="a stranger's name"),
        pytest.param("localhost.evil.example", False, False, id="a stranger's name like ours"),
        pytest.param("127.0.0.1.evil.example:8787", False, False, id="an address as a name"),
        pytest.param("", False, False, id="none"),
    ],
)
async def test_only_its_own_names_are_answered(host: str, *, here: bool, everywhere: bool) -> None:
    """A page whose name was made to point here says that name, and is refused."""
    served = PlainTextResponse("secret")
    for hosts, taken in ((Hosts(), here), (EVERYWHERE, everywhere)):
        answer = await ask(Guard(served, hosts), "/", headers={"host": host})

        assert answer.status == (200 if taken else 421)
        assert ("secret" in answer.text) is taken


async def test_every_answer_has_the_headers() -> None:
    """Also a refusal; a policy that the answer brings is kept."""
    own = await ask(Guard(PlainTextResponse(""), Hosts()), "/")
    refused = await ask(Guard(PlainTextResponse(""), Hosts()), "/", headers={"host": "x"})
    brought = PlainTextResponse(
        "", headers={"Content-Security-Policy": "default-src 'none'", "Cache-Control": "public"}
    )
    kept = await ask(Guard(brought, Hosts()), "/")

    for answer in (own, refused):
        assert answer.headers["content-security-policy"] == OWN_PAGES
        assert answer.headers["cache-control"] == "no-store"
    assert own.headers["x-content-type-options"] == "nosniff"
    assert own.headers["referrer-policy"] == "no-referrer"
    assert own.headers["cross-origin-resource-policy"] == "same-origin"
    assert kept.headers["content-security-policy"] == "default-src 'none'"
    assert kept.headers["cache-control"] == "public"


async def test_what_is_no_request_passes() -> None:
    """Start and end of the server are none of its business."""
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        seen.append(message)

    await Guard(app, Hosts())({"type": "lifespan"}, receive, send)

    assert seen == ["lifespan"]


def test_behind_a_platform_every_name_is_taken() -> None:
    """Whoever stands before has found out who asks."""
    assert Hosts(every=True).takes("anything.example")
    assert not Hosts().takes("anything.example")
