"""OPA servers fetch signed rules, and nobody else does."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from runtime.entrypoints.rest.bundles import MEDIA_TYPE, WAITED_FOR
from runtime.services.policies.rules_watch import RulesWatch
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


async def fetched(
    api: Api, organization: str, *, token: str = TOKEN, known: str = "", prefer: str = ""
) -> Answered:
    """Ask for a bundle as an OPA server does."""
    headers = [("host", "127.0.0.1:4711"), ("authorization", f"Bearer {token}")]
    if known:
        headers.append(("if-none-match", known))
    if prefer:
        headers.append(("prefer", prefer))
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


WAITING = "modes=snapshot,delta;wait=30"


async def test_who_waits_is_answered_when_other_rules_hold(serving: Api) -> None:
    """The type of what it has told it that it may."""
    organization = await organization_of(serving)
    first = await fetched(serving, organization, prefer=WAITING)
    etag = first.headers["etag"]
    waiting = asyncio.create_task(fetched(serving, organization, known=etag, prefer=WAITING))
    await activated(serving, LARGE)
    async with asyncio.timeout(20):
        second = await waiting

    assert (first.status, second.status) == (200, 200)
    assert first.headers["content-type"] == second.headers["content-type"] == WAITED_FOR
    assert first.headers["etag"] != second.headers["etag"]


async def test_who_has_the_newest_for_as_long_as_it_waits_is_told_so(serving: Api) -> None:
    """It has it still, and may ask again."""
    organization = await organization_of(serving)
    etag = (await fetched(serving, organization)).headers["etag"]

    again = await fetched(serving, organization, known=etag, prefer="wait=1;modes=snapshot")

    assert again.status in {304, 200}  # 200 if its minute began in between
    assert again.headers["etag"] == etag or again.status == 200


@pytest.mark.parametrize("prefer", ["wait=x", "await=30", "wait=-1", "wait=0", "wait=12345678"])
async def test_a_wish_that_says_no_time_waits_for_nothing(serving: Api, prefer: str) -> None:
    """It is answered at once, as without it."""
    organization = await organization_of(serving)
    etag = (await fetched(serving, organization)).headers["etag"]
    async with asyncio.timeout(20):
        again = await fetched(serving, organization, known=etag, prefer=prefer)

    assert again.status in {304, 200}


async def test_where_too_many_wait_one_more_is_told_to_ask_now_and_then(serving: Api) -> None:
    """By the type of a bundle, as nothing else tells an OPA server; it gets the one that it has."""
    organization = await organization_of(serving)
    bundles = serving.app.state.services.bundles
    room = bundles.watch
    bundles.watch = RulesWatch(bundles._stamp, most_waiting=0)  # noqa: SLF001  # room for none
    etag = (await fetched(serving, organization)).headers["etag"]

    full = await fetched(serving, organization, known=etag, prefer=WAITING)
    asking = await fetched(serving, organization, known=full.headers["etag"])
    bundles.watch = room
    later = await fetched(serving, organization)

    assert (full.status, full.headers["content-type"]) == (200, MEDIA_TYPE)
    assert asking.status in {304, 200}
    assert later.headers["content-type"] == WAITED_FOR


async def test_what_bundles_there_are_is_told_to_opa_servers_alone(serving: Api) -> None:
    """A part of their configuration, signed; who waits learns of a new organization."""
    organization = await organization_of(serving)
    found = await fetched(serving, "discovery")
    etag = found.headers["etag"]

    with tarfile.open(fileobj=io.BytesIO(found.body), mode="r:gz") as archive:
        data = json.load(archive.extractfile(archive.getmember("data.json")) or io.BytesIO())
    known = await fetched(serving, "discovery", known=etag)
    waited = await fetched(serving, "discovery", known=etag, prefer="wait=1")
    refused = await fetched(serving, "discovery", token=serving.token)

    assert list(data["bundles"]) == [organization]
    assert found.headers["content-type"] == WAITED_FOR
    assert (known.status, waited.status, refused.status) == (304, 304, 401)


async def test_without_a_key_nobody_learns_what_bundles_there_are(api: Api) -> None:
    """Nor that there is such a place."""
    assert (await fetched(api, "discovery")).status == 401
