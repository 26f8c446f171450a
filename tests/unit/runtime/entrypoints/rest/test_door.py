"""Who may evaluate is decided by a token, or by being on this machine, and before any body."""

from __future__ import annotations

import pytest

from tests.unit.runtime.entrypoints.rest.platform import (
    ELSEWHERE,
    HERE,
    JSON,
    TOKEN,
    Scripted,
    an_app,
    ask,
    said,
)


@pytest.mark.parametrize(
    ("client", "server", "headers"),
    [
        pytest.param(ELSEWHERE, HERE, {}, id="from another machine"),
        pytest.param(HERE, ELSEWHERE, {}, id="to an outer address"),
        pytest.param(None, HERE, {}, id="from nobody knows where"),
        pytest.param(HERE, None, {}, id="over a socket file"),
        pytest.param(HERE, HERE, {"host": "evil.example"}, id="by another site's name"),
        pytest.param(HERE, HERE, {"host": "127.0.0.1.evil.example"}, id="by a name like ours"),
        pytest.param(HERE, HERE, {"host": ""}, id="by no name"),
        pytest.param(HERE, HERE, {"x-forwarded-for": "127.0.0.1"}, id="through a proxy"),
        pytest.param(HERE, HERE, {"forwarded": "for=127.0.0.1"}, id="through a modern proxy"),
        pytest.param(HERE, HERE, {"via": "1.1 front"}, id="through something"),
        pytest.param(HERE, HERE, {"x-real-ip": "127.0.0.1"}, id="through nginx"),
        pytest.param(HERE, HERE, {"x-forwarded-host": "a"}, id="by a proxy's name"),
    ],
)
async def test_without_a_token_only_this_machine_evaluates(
    client: tuple[str, int] | None, server: tuple[str, int] | None, headers: dict[str, str]
) -> None:
    """What may come from elsewhere is refused, and no model is asked."""
    model = Scripted()

    answered = await ask(
        an_app(model), document=said(), headers=JSON | headers, client=client, server=server
    )

    assert (answered.status, answered.code) == (403, "evaluation_closed")
    assert "PLANGATE_EVAL_TOKEN" in answered.json["detail"]
    assert model.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
async def test_without_a_token_this_machine_may(host: str) -> None:
    """Whoever tries it at home sets nothing up."""
    answered = await ask(an_app(Scripted()), document=said(), headers={**JSON, "host": host})

    assert answered.status == 200


@pytest.mark.parametrize(
    "brought",
    [
        pytest.param({}, id="none"),
        pytest.param({"authorization": f"Bearer {TOKEN}x"}, id="a longer one"),
        pytest.param({"authorization": f"Bearer {TOKEN[:-1]}"}, id="a shorter one"),
        pytest.param({"authorization": f"Basic {TOKEN}"}, id="another scheme"),
        pytest.param({"authorization": TOKEN}, id="no scheme"),
        pytest.param({"authorization": "Bearer "}, id="an empty one"),
        pytest.param({"authorization": "Bearer \u00e9"}, id="letters beyond ASCII"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/v1/environments", "/v1/environments/counter/proposals:evaluate"]
)
async def test_with_a_token_nobody_else_evaluates(brought: dict[str, str], path: str) -> None:
    """Being on this machine is then no reason any more."""
    model = Scripted()
    method = "GET" if path.endswith("environments") else "POST"

    answered = await ask(
        an_app(model, token=TOKEN), path, said(), method=method, headers=JSON | brought
    )

    assert (answered.status, answered.code) == (401, "token_refused")
    assert answered.headers["www-authenticate"] == 'Bearer realm="plangate"'
    assert model.seen == []


async def test_who_brings_the_token_may_come_from_anywhere() -> None:
    """The scheme's letters may be of any size."""
    answered = await ask(
        an_app(Scripted(), token=TOKEN),
        document=said(),
        headers={**JSON, "authorization": f"bearer {TOKEN}", "x-forwarded-for": "192.0.2.9"},
        client=ELSEWHERE,
        server=ELSEWHERE,
    )

    assert answered.status == 200


async def test_the_door_comes_before_the_body() -> None:
    """A stranger's body is not read, whatever it is."""
    answered = await ask(an_app(token=TOKEN), parts=[b"{"], headers={"content-type": "x/y"})

    assert answered.status == 401
