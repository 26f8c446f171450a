"""An export over HTTP is a stream of lines that can be checked, and ends with its reader."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

import orjson
import pytest
from sqlalchemy import text
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.domain.errors import StorageUnavailableError
from runtime.entrypoints.rest.exports import LinesResponse
from runtime.services.tenancy.exports import LONGEST
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_person, a_project, a_tenant, kinds_of


async def test_an_export_is_a_stream_of_lines(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """Of JSON, each; the last one proves the others. A browser saves it as a file."""
    await a_project(tenant)

    answered = await tenancy_app.call(tenant.owner, "GET", f"/v1/organizations/{tenant.id}:export")

    lines = answered.body.splitlines(keepends=True)
    assert answered.status == 200
    assert answered.header("content-type") == "application/x-ndjson"
    assert answered.header("content-disposition") == f'attachment; filename="{tenant.id}.ndjson"'
    assert orjson.loads(lines[0])["organization"] == tenant.id
    assert orjson.loads(lines[-1])["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert (await kinds_of(tenant))[-1] == "organization.exported"


async def test_others_get_a_problem_and_no_stream(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """A member lacks the role; another organization does not exist."""
    other = await a_tenant(tenancy_app.tenancy, "Globex")
    member = await a_person(tenant, "mo")

    refused = await tenancy_app.call(member, "GET", f"/v1/organizations/{tenant.id}:export")
    unseen = await tenancy_app.call(tenant.owner, "GET", f"/v1/organizations/{other.id}:export")

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert (unseen.status, unseen.code) == (404, "not_found")


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_reader_who_goes_away_ends_the_export(
    tenancy_app: TenancyApp, tenant: Tenant, spec_version: str
) -> None:
    """However the server tells: its transaction is over, although nobody read to the end."""
    await _fill_with_events(tenant)
    parts = await tenancy_app.tenancy.exports.begin(tenant.owner, tenant.id)
    response, gone, sent = LinesResponse(parts, name="x"), asyncio.Event(), list[Message]()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) > 1 and spec_version == "2.4":
            raise OSError
        if len(sent) > 1:
            gone.set()
            await asyncio.Event().wait()

    with suppress(ClientDisconnect):
        await response({"type": "http", "asgi": {"spec_version": spec_version}}, receive, send)

    assert len(sent) == 2

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text(
            "select count(*) from pg_stat_activity where state = 'idle in transaction'"
            " and pid <> pg_backend_pid() and datname = current_database()"
        )
        assert (await connection.execute(asked)).scalar_one() == 0


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_reader_who_stands_still_is_cut_off(
    tenancy_app: TenancyApp, tenant: Tenant, spec_version: str
) -> None:
    """Within a while for each part; then the next export has the place."""
    await _fill_with_events(tenant)
    exports = tenancy_app.tenancy.exports
    parts = await exports.begin(tenant.owner, tenant.id)
    response, sent = LinesResponse(parts, name="x", send_s=0.05), list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) > 1:
            await asyncio.Event().wait()

    with pytest.raises(ClientDisconnect):
        await response({"type": "http", "asgi": {"spec_version": spec_version}}, _never, send)

    assert len(sent) == 2
    await (await exports.begin(tenant.owner, tenant.id)).aclose()


async def test_a_second_export_at_once_is_refused(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """With when to try again."""
    parts = await tenancy_app.tenancy.exports.begin(tenant.owner, tenant.id)

    path = f"/v1/organizations/{tenant.id}:export"
    refused = await tenancy_app.call(tenant.owner, "GET", path)
    await parts.aclose()
    later = await tenancy_app.call(tenant.owner, "GET", path)

    assert (refused.status, refused.code) == (429, "exports_busy")
    assert int(refused.header("retry-after") or "0") > 0
    assert later.status == 200


async def test_an_export_that_fails_is_cut_off(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """It has no last line, and the server is told to close the connection."""
    await _fill_with_events(tenant)
    parts = await tenancy_app.tenancy.exports.begin(tenant.owner, tenant.id)
    response = LinesResponse(parts, name="x")
    sent = list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)
        tenancy_app.tenancy.clock.advance(LONGEST)

    with pytest.raises(StorageUnavailableError):
        await response({"type": "http", "asgi": {"spec_version": "2.4"}}, _never, send)

    assert all(message.get("more_body", True) for message in sent)
    assert b'"sha256":' not in b"".join(message.get("body", b"") for message in sent)


async def _never() -> Message:
    return await asyncio.Future[Message]()


async def _fill_with_events(tenant: Tenant) -> None:
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(
            text(
                "insert into events (organization_id, id, type, document, created_at)"
                " select :organization, 'evt_' || number, 't', repeat('x', 1000), now()"
                " from generate_series(1, 600) as number"
            ),
            {"organization": tenant.id},
        )
