"""Each answer is named, safe and counted; pages of other sites read none."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import asyncpg
import orjson
import pytest
import structlog
from fastapi import FastAPI, Request
from pydantic import SecretStr

from runtime.entrypoints.rest.edge import EdgeOptions
from runtime.kit.json_value import JsonObject
from runtime.kit.rates import Rate
from runtime.telemetry import configure_logging
from tests.api.identity.world import World, a_world
from tests.database import FreshDatabase

ELSEWHERE = ("192.0.2.7", 4711)
METRICS_TOKEN = "a-metrics-token"  # noqa: S105  # the example itself
ORIGIN = "https://console.example.com"
SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v1/healthz", 200, id="an answer"),
        pytest.param("GET", "/v1/tokens", 401, id="a refusal"),
        pytest.param("GET", "/nowhere", 404, id="no route"),
        pytest.param("DELETE", "/v1/healthz", 405, id="no method"),
        pytest.param("OPTIONS", "/v1/healthz", 405, id="options without a page that asks"),
    ],
)
async def test_each_answer_is_named_and_safe(
    world: World, method: str, path: str, status: int
) -> None:
    """Whatever it says."""
    answered = await world.call(method, path)

    assert answered.status == status
    assert dict(answered.headers).items() >= SAFE.items()
    assert str(answered.header("x-request-id")).startswith("req_")
    assert answered.header("strict-transport-security") is None


async def test_a_platform_behind_https_says_so(database: FreshDatabase) -> None:
    """Browsers then never try without."""
    async with a_world(database, options=EdgeOptions(https=True)) as world:
        answered = await world.call("GET", "/v1/healthz")

    assert answered.header("strict-transport-security") == "max-age=31536000"


@pytest.mark.parametrize(
    ("brought", "kept"),
    [
        pytest.param("trace-0001.a_b", True, id="a sane one"),
        pytest.param("short", False, id="a short one"),
        pytest.param("a" * 129, False, id="a long one"),
        pytest.param('x"} {"level":"error', False, id="one that forges a line"),
        pytest.param("a b c d e f g", False, id="one with spaces"),
    ],
)
async def test_a_sane_request_id_is_kept(world: World, brought: str, kept: bool) -> None:  # noqa: FBT001
    """Any other is replaced by ours."""
    answered = await world.call("GET", "/v1/healthz", headers={"X-Request-Id": brought})

    assert (answered.header("x-request-id") == brought) is kept


async def test_a_fault_of_ours_is_a_problem_and_a_line_without_its_message(world: World) -> None:
    """The message may hold what a caller sent; the line has the place and the request."""
    written = StringIO()
    configure_logging(stream=written)
    add_broken_route(world.app)
    try:
        answered = await world.call("GET", "/broken", headers={"X-Sent": "s3cret"})
    finally:
        structlog.reset_defaults()

    failed, told = lines(written)
    assert (answered.status, answered.code) == (500, "internal")
    assert dict(answered.headers).items() >= SAFE.items()
    assert (failed["event"], failed["error"]) == ("request.failed", "ZeroDivisionError")
    assert "in broken" in str(failed["place"])
    assert (told["event"], told["status"]) == ("request.answered", 500)
    assert failed["request_id"] == told["request_id"] == answered.header("x-request-id")
    assert "s3cret" not in written.getvalue()


async def test_requests_are_logged_where_that_is_wanted(database: FreshDatabase) -> None:
    """By route template: no id, no query, no body."""
    written = StringIO()
    async with a_world(database, options=EdgeOptions(log_requests=True)) as world:
        configure_logging(stream=written)
        try:
            await world.call("GET", "/v1/tokens/tok_s3cret", query="a=s3cret")
        finally:
            structlog.reset_defaults()

    (told,) = lines(written)
    assert (told["route"], told["method"], told["status"]) == ("/v1/tokens/{token_id}", "GET", 401)
    assert "s3cret" not in written.getvalue()


async def test_no_page_of_another_site_reads_an_answer_by_default(world: World) -> None:
    """Neither now nor after asking."""
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}

    answered = await world.call("GET", "/v1/healthz", headers={"Origin": ORIGIN})
    preflight = await world.call("OPTIONS", "/v1/tokens", headers=asked)

    assert (answered.status, preflight.status) == (200, 403)
    for answer in (answered, preflight):
        assert not [name for name, _ in answer.headers if name.startswith("access-control")]


async def test_a_listed_page_reads_answers(database: FreshDatabase) -> None:
    """With cookies, and so by its own name, never by a star."""
    options = EdgeOptions(allowed_origins=(ORIGIN,), https=False)
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    async with a_world(database, options=options) as world:
        answered = await world.call("GET", "/v1/tokens", headers={"Origin": ORIGIN})
        preflight = await world.call("OPTIONS", "/v1/tokens", headers=asked)
        other = await world.call("GET", "/v1/tokens", headers={"Origin": ORIGIN + ".evil"})

    assert (answered.status, preflight.status) == (401, 204)
    for answer in (answered, preflight):
        assert answer.header("access-control-allow-origin") == ORIGIN
        assert answer.header("access-control-allow-credentials") == "true"
        assert answer.header("vary") == "Origin"
    assert "Idempotency-Key" in str(preflight.header("access-control-allow-headers"))
    assert other.header("access-control-allow-origin") is None
    assert other.header("vary") == "Origin"


async def test_a_credential_asks_as_often_as_it_may(database: FreshDatabase) -> None:
    """What is left is told with each answer; another credential has its own."""
    options = EdgeOptions(rate=Rate(per_s=1, burst=3), https=False)
    async with a_world(database, options=options) as world:
        founded, other = await world.found(), await world.found()
        world.clock.advance(timedelta(seconds=10))
        answers = [await world.call("GET", "/v1/me", token=founded.token) for _ in range(4)]
        others = await world.call("GET", "/v1/me", token=other.token)
        world.clock.advance(timedelta(seconds=1))
        later = await world.call("GET", "/v1/me", token=founded.token)

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.header("ratelimit-remaining") for answer in answers] == ["2", "1", "0", "0"]
    assert [answer.header("ratelimit-reset") for answer in answers] == ["1", "2", "3", "3"]
    assert {answer.header("ratelimit-limit") for answer in answers} == {"3"}
    assert (answers[-1].code, answers[-1].header("retry-after")) == ("rate_limited", "1")
    assert (others.status, later.status) == (200, 200)


async def test_without_a_rate_nothing_is_counted(database: FreshDatabase) -> None:
    """Where a proxy counts, the platform need not."""
    async with a_world(database, options=EdgeOptions(rate=None, https=False)) as world:
        answered = await world.call("GET", "/v1/me", token=(await world.found()).token)

    assert answered.status == 200
    assert answered.header("ratelimit-limit") is None


async def test_figures_count_by_template(world: World) -> None:
    """Ids make no series of their own, and neither do paths that no route has."""
    for path in ("/v1/tokens/a", "/v1/tokens/b", "/x", "/y"):
        await world.call("GET", path)
    await world.call("BREW", "/x")

    text = (await world.call("GET", "/v1/metrics")).body.decode()

    assert (
        'plangate_requests_total{method="GET",route="/v1/tokens/{token_id}",status="401"} 2.0'
        in text
    )
    assert 'plangate_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'plangate_requests_total{method="OTHER",route="unmatched",status="404"} 1.0' in text
    assert "tok_" not in text


async def test_figures_are_for_this_machine_alone(world: World) -> None:
    """Without a token to bring, and never through a proxy."""
    elsewhere = await world.call("GET", "/v1/metrics", client=ELSEWHERE)
    proxied = await world.call("GET", "/v1/metrics", headers={"X-Forwarded-For": "127.0.0.1"})

    assert (elsewhere.status, elsewhere.code) == (403, "metrics_closed")
    assert proxied.status == 403


async def test_figures_open_to_their_token(database: FreshDatabase) -> None:
    """From anywhere; and then to nobody without it."""
    options = EdgeOptions(metrics_token=SecretStr(METRICS_TOKEN), https=False)
    async with a_world(database, options=options) as world:
        opened = await world.call("GET", "/v1/metrics", token=METRICS_TOKEN, client=ELSEWHERE)
        refused = await world.call("GET", "/v1/metrics", token=METRICS_TOKEN + "x")

    assert opened.status == 200
    assert str(opened.header("content-type")).startswith("text/plain")
    assert (refused.status, refused.code) == (401, "token_refused")


async def test_a_ready_platform_says_so(world: World) -> None:
    """Open to everybody, by dependency, without an address."""
    answered = await world.call("GET", "/v1/readyz", client=ELSEWHERE)

    assert (answered.status, answered.json["status"]) == (200, "ready")
    assert answered.json["dependencies"]["database"]["status"] == "up"
    assert set(answered.json["dependencies"]["database"]) == {"status", "latency_ms"}


async def test_a_schema_of_another_revision_is_not_ready(
    world: World, database: FreshDatabase
) -> None:
    """The process is live all the same."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("update alembic_version set version_num = '9999'")
    await owner.close()

    ready = await world.call("GET", "/v1/readyz")
    live = await world.call("GET", "/v1/healthz")

    assert (ready.status, ready.json["status"]) == (503, "not_ready")
    assert ready.json["dependencies"]["database"]["status"] == "down"
    assert "9999" not in ready.body.decode()
    assert live.status == 200


def add_broken_route(app: FastAPI) -> None:
    """Add a route that fails with a secret on its lips."""

    @app.get("/broken")
    async def broken(request: Request) -> None:
        raise ZeroDivisionError(request.headers["x-sent"])


def lines(written: StringIO) -> list[JsonObject]:
    """Return what was logged."""
    return [orjson.loads(line) for line in written.getvalue().splitlines()]
