"""`plangate eval run --publish` closes the gap: what passed there is what may run here."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from runtime.kit.json_value import JsonObject
from tests.database import DatabaseUrls
from tests.servers.api import OPERATOR_TOKEN, ApiServer

ROOT = Path(__file__).parents[3]
PLANGATE = Path(sys.executable).with_name("plangate")
MODEL = "plangate/oracle"


@pytest_asyncio.fixture
async def server(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[ApiServer]:
    """Serve the platform as production does."""
    api = ApiServer(database_url=database_urls.app_url, redis_url=redis_url)
    await asyncio.to_thread(api.start)
    yield api
    await asyncio.to_thread(api.kill)


async def asked(
    server: ApiServer, method: str, path: str, document: JsonObject | None = None, *, token: str
) -> JsonObject:
    """Send one request that has to succeed."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{server.url}{path}", json=document) as response,
    ):
        found: JsonObject = await response.json()
        assert response.status < 300, found
        return found


def plangate(*arguments: str, token: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the folder of this repository, as a pipeline would."""
    return subprocess.run(
        [PLANGATE, "eval", *arguments],
        cwd=ROOT,
        env={**os.environ, "CI": "1", "COLUMNS": "200", "PLANGATE_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.timeout(300)
async def test_what_passes_in_a_pipeline_has_passed_on_the_platform(
    server: ApiServer, tmp_path: Path
) -> None:
    """By a service's token, for the very registry that a project of that environment has."""
    owner = {"display_name": "Ann", "email": "ann@example.com"}
    made = await asked(
        server, "POST", "/v1/organizations", {"name": "o", "owner": owner}, token=OPERATOR_TOKEN
    )
    own, organization = made["token"]["text"], made["organization"]["id"]
    service = await asked(
        server, "POST", "/v1/members", {"kind": "service", "display_name": "ci"}, token=own
    )
    wish = {"name": "ci", "member": service["id"], "scopes": ["evaluations:manage"]}
    token = (await asked(server, "POST", "/v1/tokens", wish, token=own))["text"]

    run = await asyncio.to_thread(
        plangate,
        "run",
        "scenarios/counter",
        "--publish",
        server.url,
        "--no-track",
        f"--output={tmp_path / 'run'}",
        f"--baselines={tmp_path}",  # nothing to beat
        token=token,
    )
    again = await asyncio.to_thread(
        plangate, "publish", str(tmp_path / "run"), "--to", server.url, token=token
    )
    gates = await asked(server, "GET", f"/v1/organizations/{organization}/gates", token=own)
    project = await asked(
        server, "POST", "/v1/projects", {"name": "p", "environment": "counter"}, token=own
    )
    registry = await asked(server, "GET", f"/v1/projects/{project['id']}/registry", token=own)

    assert run.returncode == 0, run.stdout + run.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    (gate,) = gates["items"]
    assert f"Published {gate['id']}: {MODEL} passed in counter" in run.stdout
    assert f"Published {gate['id']}" in again.stdout
    assert (gate["model"], gate["passed"], gate["registry"]) == (MODEL, True, registry["digest"])
    assert gate["created_by"] == service["id"]


def test_a_platform_that_can_not_be_asked_is_said_before_the_models_are(tmp_path: Path) -> None:
    """A run may cost an hour and money."""
    ran = plangate(
        "run",
        "scenarios/counter",
        "--publish",
        "https://platform.example",
        f"--output={tmp_path / 'run'}",
        f"--baselines={tmp_path}",  # nothing to beat
        token="",
    )

    assert ran.returncode == 5
    assert "PLANGATE_TOKEN is not set" in ran.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.timeout(120)
def test_a_verdict_that_could_not_be_published_is_no_pass(tmp_path: Path) -> None:
    """Nobody listens there, so the platform does not have it: exit code 4."""
    ran = plangate(
        "run",
        "scenarios/counter",
        "--publish",
        "http://127.0.0.1:9",
        "--no-track",
        f"--output={tmp_path / 'run'}",
        f"--baselines={tmp_path}",  # nothing to beat
        token="a-token-of-enough-characters",  # noqa: S106  # the example itself
    )

    assert ran.returncode == 4
    assert "the verdict was not published" in ran.stdout
    assert (tmp_path / "run" / "gate.json").exists()
