"""What happens without anybody asking is told as well: once, in the commit that makes it so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import parse
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.approvals.expiring import Expiring, ExpiringPace
from runtime.store.session import Database
from tests.abuse.execution.real_app import Acting, RealApp, moved, real_app
from tests.abuse.execution.wishes import an_approval, approving_project
from tests.api.events.test_contract import faults
from tests.audited import recorded
from tests.database import DatabaseUrls, session


@pytest_asyncio.fixture
async def app(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[RealApp]:
    """Serve the whole platform."""
    async with real_app(database_urls, redis_url) as started:
        yield started


async def _told(app: RealApp, kind: str) -> list[str]:
    """Return what events of a type say, which is what the catalogue says."""
    async with session(app.urls.superuser_url) as superuser:
        rows = await superuser.fetch(
            "select type, document, project_id from events where type = $1 order by id", kind
        )
    assert [fault for row in rows for fault in faults(*row.values())] == []
    return [row["document"] for row in rows]


async def _run(app: RealApp, statement: str) -> list[AuditRecord]:
    """Run a statement, and return what its transaction recorded, as it waits for its number."""
    async with session(app.urls.superuser_url) as superuser, superuser.transaction():
        before = {row["id"] for row in await superuser.fetch("select id from audit_records")}
        await superuser.execute(statement)
        rows = await superuser.fetch(
            "select id, principal_id, kind, document, digest, project_id from audit_records "
            "where position = pg_current_xact_id()::text::bigint order by turn"
        )
    return [AuditRecord(**dict(row)) for row in rows if row["id"] not in before]


async def _executed(app: RealApp, who: Acting, project: str, by: int) -> JsonObject:
    return await app.made(f"/v1/projects/{project}/plans:execute", moved(by), token=who.token)


async def test_who_is_refused_for_their_rate_is_told_of_once_a_minute(app: RealApp) -> None:
    """However often somebody is refused in a minute, one event says so, the first time."""
    who = await app.found()
    project = str((await app.project(who))["id"])
    await app.call(
        "PATCH", f"/v1/projects/{project}", {"limits": {"per_minute": 1}}, token=who.token
    )

    refused = [await _executed(app, who, project, 1) for _ in range(4)]

    minutes = {outcome["created_at"][:16] for outcome in refused}
    codes = {outcome["refusal"]["code"] for outcome in refused if outcome["refusal"]}
    assert codes == {"rate_limited"}
    assert 1 <= len(await _told(app, "limit.rate_limited")) <= len(minutes)


async def test_a_plan_that_has_to_be_confirmed_is_told_of(app: RealApp) -> None:
    """The event names the digest that a confirmation has to name."""
    who = await app.found()
    project = (await app.project(who))["id"]
    steps = [{"action": "counter.reset", "inputs": {}}]

    outcome = await app.made(
        f"/v1/projects/{project}/plans:execute", {"plan": {"steps": steps}}, token=who.token
    )

    assert outcome["refusal"]["code"] == "confirmation_required"
    (told,) = await _told(app, "confirmation.requested")
    assert f'"plan_digest":"{outcome["plan_digest"]}"' in told


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        pytest.param("dead", "job.dead_lettered", "error", id="given up"),
        pytest.param("quarantined", "job.quarantined", "crashed", id="set aside"),
    ],
)
async def test_a_job_that_is_given_up_is_told_of(
    app: RealApp, status: str, kind: str, cause: str
) -> None:
    """Whatever gives a job up, the database tells of it, and of nothing else that happens to it."""
    who = await app.found()
    project = (await app.project(who))["id"]
    queued = await app.call(
        "POST", f"/v1/projects/{project}/plans:execute?mode=queued", moved(1), token=who.token
    )
    assert queued.status == 202, queued.body
    ended = "reason = E'failed \"twice\"\\n', cause = 'error', ended_at = now()"

    made = await _run(app, f"update jobs set status = '{status}', {ended}")  # noqa: S608  # of this test
    again = await _run(app, f"update jobs set status = '{status}', {ended}")  # noqa: S608  # nothing new

    (told,) = await _told(app, kind)
    (record,) = made
    assert again == []
    assert (record.kind, record.document, record.project_id) == (kind, told, project)
    assert record == AuditRecord.of(
        parse(record.document),
        record_id=record.id,
        principal_id=queued.json["principal"],
        kind=kind,
        project_id=project,
    ), "it is canonical, and its digest is its own"
    assert f'"cause":"{cause}"' in told
    assert f'"job":"{queued.json["id"]}"' in told


async def test_an_approval_whose_time_is_over_is_told_of_once(
    app: RealApp, database_urls: DatabaseUrls
) -> None:
    """Any number may look; those that were used or ended meanwhile are not told of."""
    who = await app.found()
    project = await approving_project(app, who)
    asked = await an_approval(app, project, who)
    other = await an_approval(app, project, who)
    await app.made(f"{project}/approvals/{other['id']}:withdraw", None, token=who.token)
    await _run(app, "update approval_deadlines set expires_at = now() - interval '1 minute'")
    database = await Database.opened(database_urls.app_url)
    try:
        keepers = [Expiring(database, SystemClock(), pace=ExpiringPace()) for _ in range(2)]
        looked = [await keeper.look() for keeper in keepers]
    finally:
        await database.close()

    (told,) = await _told(app, "approval.expired")
    (record,) = [
        item for item in await recorded(app.urls.superuser_url) if item.kind == "approval.expired"
    ]
    assert f'"requester":"{record.principal}"' in told
    assert f'"approval":"{asked["id"]}"' in told
    assert looked == [2, 0]
