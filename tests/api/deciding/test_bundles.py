"""OPA servers fetch signed rules, and nobody else does."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from runtime.settings import RulesSettings
from tests.api.app_builder import Answered, asked
from tests.api.deciding.uploads import LARGE, activated, organization_of
from tests.api.execution.conftest import Api, an_api
from tests.database import FreshDatabase

TOKEN = "bundle-token-of-tests-0123456789abcd"  # noqa: S105  # of tests
SETTINGS = RulesSettings(
    bundle_key=SecretStr("bundle-key-of-tests-0123456789abcdef"),
    bundle_token=SecretStr(TOKEN),
)


@pytest.fixture
async def serving(database: FreshDatabase, redis_url: str) -> AsyncIterator[Api]:
    """Open an app that makes bundles."""
    async with an_api(database, redis_url, rules=SETTINGS) as opened:
        yield opened


async def fetched(api: Api, organization: str, *, token: str, known: str = "") -> Answered:
    """Ask for a bundle as an OPA server does."""
    headers = [("host", "127.0.0.1:4711"), ("authorization", f"Bearer {token}")]
    if known:
        headers.append(("if-none-match", known))
    return await asked(api.app, "GET", f"/v1/bundles/{organization}", headers=headers)


async def test_a_bundle_holds_what_holds(serving: Api) -> None:
    """The shipped rules, the organization's, and a unit for each project with rules of its own."""
    organization = await organization_of(serving)
    await activated(serving, LARGE)
    await activated(serving, LARGE, project=serving.project)

    bundle = await fetched(serving, organization, token=TOKEN)

    assert bundle.status == 200
    with tarfile.open(fileobj=io.BytesIO(bundle.body), mode="r:gz") as archive:
        names = [name.lstrip("/") for name in archive.getnames()]
        manifest = json.load(archive.extractfile(archive.getmember(".manifest")) or io.BytesIO())
    assert manifest["revision"].startswith("2:")
    assert {".manifest", ".signatures.json"} <= set(names)
    assert any(serving.project in name for name in names)


async def test_who_has_it_already_is_told_so(serving: Api) -> None:
    """Within the minute; another activation is another bundle."""
    organization = await organization_of(serving)
    first = await fetched(serving, organization, token=TOKEN)
    etag = first.headers["etag"]

    again = await fetched(serving, organization, token=TOKEN, known=etag)
    await activated(serving, LARGE)
    changed = await fetched(serving, organization, token=TOKEN, known=etag)

    assert again.status in {304, 200}  # 200 if a minute began in between
    assert changed.status == 200


@pytest.mark.parametrize("token", ["another-token-of-nobody-0123456789", ""])
async def test_nobody_else_fetches_it(serving: Api, token: str) -> None:
    """Neither does an owner with their own token."""
    organization = await organization_of(serving)

    refused = await fetched(serving, organization, token=token or serving.token)

    assert refused.status == 401


async def test_an_organization_that_is_not_there_has_none(serving: Api) -> None:
    """Nor does a text that can't be one's name."""
    for name in ("org_00000000000000000000000000", "nobody"):
        assert (await fetched(serving, name, token=TOKEN)).status == 404


async def test_without_a_key_there_are_none(api: Api) -> None:
    """A platform that signs nothing lets nobody fetch."""
    organization = await organization_of(api)

    assert (await fetched(api, organization, token=TOKEN)).status == 401
