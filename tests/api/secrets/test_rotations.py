"""Tests of the route by which the operator tells of rotations, on the app of production."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.settings.secret_use import SecretUseSettings
from tests.abuse.execution.real_app import OPERATOR, RealApp, real_app
from tests.database import DatabaseUrls, session

PATH = "/v1/secrets/rotations"
CANARY = "hunter2-" + "x" * 30


@pytest_asyncio.fixture
async def app(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[RealApp]:
    """Serve the app."""
    async with real_app(database_urls, redis_url) as found:
        yield found


async def test_the_operator_tells_of_a_rotation(app: RealApp) -> None:
    """It is accepted with its number, and the same again under its key."""
    body = {"reference": "vault://kv/acme/crm#token"}
    headers = {"idempotency-key": "a"}
    first = await app.call("POST", PATH, body, token=OPERATOR, headers=headers)
    again = await app.call("POST", PATH, body, token=OPERATOR, headers=headers)
    other = await app.call("POST", PATH, {"reference": "vault://kv/"}, token=OPERATOR)

    assert (first.status, first.json) == (
        202,
        {"reference": "vault://kv/acme/crm", "rotation": 1},
    )
    assert (again.json, again.header("idempotency-replayed")) == (first.json, "true")
    assert (other.status, other.json["rotation"]) == (202, 2)
    reused = await app.call(
        "POST", PATH, {"reference": "vault://kv/"}, token=OPERATOR, headers=headers
    )
    assert (reused.status, reused.code) == (409, "idempotency_key_reused")


async def test_an_owner_does_not(app: RealApp) -> None:
    """Whoever else knows of the route is told what it takes."""
    who = await app.found()
    refused = await app.call("POST", PATH, {"reference": "vault://kv/acme/"}, token=who.token)
    assert (refused.status, refused.code) == (403, "not_allowed")
    unknown = await app.call("POST", PATH, {"reference": "vault://kv/acme/"}, token="x" * 40)
    assert unknown.status == 401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"reference": ""}, id="empty"),
        pytest.param({"reference": CANARY}, id="a value"),
        pytest.param({"reference": f"vault://{CANARY}"}, id="half a reference"),
        pytest.param({"reference": "vault://"}, id="all of a keeper"),
        pytest.param({"reference": "vault://kv/../" + CANARY}, id="a way up"),
        pytest.param({"reference": "vault://kv/" + "x" * 2_000}, id="too long"),
        pytest.param({"reference": "vault://kv/a", "value": CANARY}, id="a value beside it"),
        pytest.param({"reference": 7}, id="a number"),
    ],
)
async def test_what_is_no_reference_is_refused_and_not_repeated(
    app: RealApp, body: dict[str, object]
) -> None:
    """Somebody may send the new value by mistake."""
    refused = await app.call("POST", PATH, body, token=OPERATOR)
    assert (refused.status, refused.code) == (422, "request_invalid")
    assert CANARY.encode() not in refused.body
    async with session(app.urls.superuser_url) as superuser:
        assert await superuser.fetchval("select count(*) from secret_rotations") == 0


@pytest.mark.parametrize("path", [PATH + "/", "/V1/secrets/rotations", "//v1/secrets/rotations"])
async def test_no_other_spelling_of_the_path_takes_the_operators_credential(
    app: RealApp, path: str
) -> None:
    """The exception holds for this route."""
    refused = await app.call("POST", path, {"reference": "vault://kv/a"}, token=OPERATOR)
    assert refused.status in {307, 401, 404}


async def test_readiness_tells_of_secrets(app: RealApp) -> None:
    """They are a part like the database."""
    found = await app.call("GET", "/v1/readyz", token=OPERATOR)
    assert found.json["dependencies"]["secrets"]["status"] == "up"


async def test_the_keys_of_models_are_read_where_rotations_are_heard(
    database_urls: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    """What reads them shows in the figures of the platform, and obeys its operator."""
    (tmp_path / "key").write_text("hunter2")
    keys = {"openai": f"file://{tmp_path}/key"}
    async with real_app(
        database_urls,
        redis_url,
        model="openai/gpt-4o-mini?transport=http",
        secret_use=SecretUseSettings(model_keys=keys),
    ) as app:
        figures = await app.call("GET", "/v1/metrics", token=OPERATOR, client=("127.0.0.1", 1))

    assert b'plangate_secret_calls_left{scheme="file"}' in figures.body
