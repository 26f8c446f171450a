"""Tests of rotations that one process is told of and all hear of, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import NoReturn

import asyncpg
import orjson
import pytest
import pytest_asyncio
from typing_extensions import override

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import KeyReusedError, NotAllowedError, StorageUnavailableError
from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids, RequestKey
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.records import StoredRecords
from runtime.services.secrets.rotations import SecretRotations
from runtime.services.secrets.spaces import read_spaces
from runtime.services.secrets.watching import RotationWatch, WatchingPace
from runtime.services.secrets.wishes import Wish
from runtime.store.secret_rotations import last_rotation
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.secret_keeping import KeptMeasures, OneProvider, ToldProvider, down
from tests.tenants import Tenant, a_tenancy, a_tenant, an_operator

CRM = read_reference("vault://kv/acme/crm#token")


@dataclass(kw_only=True)
class Site:
    """Hold two tenants, one provider, and a process that is told of rotations."""

    database: FreshDatabase
    acme: Tenant
    other: Tenant
    provider: ToldProvider
    reader: SecretReader
    rotations: SecretRotations

    def wish(self, reference: str = CRM.text()) -> Wish:
        """Want a secret of the first tenant."""
        return Wish(reference=read_reference(reference), why="a test", organization=self.acme.id)

    async def rows(self, query: str) -> list[asyncpg.Record]:
        """Ask past row security."""
        async with session(self.database.urls.superuser_url) as superuser:
            return list(await superuser.fetch(query))


def a_process(
    database: FreshDatabase, provider: ToldProvider, spaces: str
) -> tuple[SecretReader, SecretRotations]:
    """Open what reads secrets in one process."""
    clock = SystemClock()
    ids, known = Ids(clock), read_spaces(spaces)
    fetching = Fetching(
        OneProvider(provider),
        records=StoredRecords(Recorder(database, ids), ids),
        measures=KeptMeasures(),
        clock=clock,
    )
    reader = SecretReader(fetching, spaces=known, clock=clock)
    rotations = SecretRotations(
        database=database, ids=ids, spaces=known, invalidate=reader.invalidate
    )
    return reader, rotations


@pytest_asyncio.fixture
async def site(database: FreshDatabase) -> AsyncIterator[Site]:
    """Open a process over two tenants."""
    tenancy = a_tenancy(database)
    acme, other = await a_tenant(tenancy, "Acme"), await a_tenant(tenancy, "Other")
    provider = ToldProvider(values={"kv/acme/crm": ("hunter2", "1")})
    spaces = {acme.id: ["vault://kv/acme/"], other.id: ["vault://kv/other/"]}
    reader, rotations = a_process(database, provider, orjson.dumps(spaces).decode())
    yield Site(
        database=database,
        acme=acme,
        other=other,
        provider=provider,
        reader=reader,
        rotations=rotations,
    )
    await reader.close()


async def test_each_fetch_is_an_audit_record_of_the_organization(site: Site) -> None:
    """Who read what, in which version and why; never the value, and no hit."""
    for _ in range(3):
        await site.reader.read(site.wish())
    with pytest.raises(Exception, match="nothing is there"):
        await site.reader.read(site.wish("vault://kv/acme/mail"))

    rows = await site.rows(
        "select organization_id, principal_id, document from audit_records "
        "where kind = 'secret.read' order by id"
    )
    assert [(row["organization_id"], row["principal_id"]) for row in rows] == [
        (site.acme.id, "platform")
    ] * 2
    documents = [orjson.loads(row["document"]) for row in rows]
    assert documents == [
        {"reference": CRM.text(), "version": "1", "result": "read", "why": "a test"},
        {
            "reference": "vault://kv/acme/mail",
            "version": None,
            "result": "missing",
            "why": "a test",
        },
    ]


async def test_nobody_gets_a_value_whose_record_is_refused(site: Site) -> None:
    """An organization that is not there has no log, and so no secrets."""
    gone = "org_01KDVDNA000000000000000009"
    reader, _ = a_process(site.database, site.provider, f'{{"{gone}": ["vault://kv/acme/"]}}')
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            await reader.read(replace(site.wish(), organization=gone))


async def test_a_rotation_is_heard_by_every_process(site: Site) -> None:
    """By the one that was told at once, and by another with its next look."""
    spaces = {site.acme.id: ["vault://kv/acme/"]}
    far, _ = a_process(site.database, site.provider, orjson.dumps(spaces).decode())
    measures = KeptMeasures()
    watch = RotationWatch(site.database, far, measures=measures, pace=WatchingPace(every_s=0.01))
    await watch.begin()
    task = asyncio.create_task(watch.run())
    for reader in (site.reader, far):
        assert (await reader.read(site.wish())).value.text() == "hunter2"
    site.provider.values["kv/acme/crm"] = ("hunter3", "2")

    answer = await site.rotations.tell(an_operator(site.acme.id), read_prefix(CRM.text()))

    assert (answer.status, answer.document["reference"]) == (202, "vault://kv/acme/crm")
    assert (await site.reader.read(site.wish())).value.text() == "hunter3"
    await measures.until(lambda: measures.heard == 1, within_s=5)
    assert far.peek(site.wish()) is None
    assert (await far.read(site.wish())).value.text() == "hunter3"
    watch.end()
    await task
    await far.close()


async def test_what_was_told_before_a_process_began_is_not_told_it(site: Site) -> None:
    """It remembers nothing of before."""
    await site.rotations.tell(an_operator(site.acme.id), read_prefix("vault://kv/acme/"))
    measures = KeptMeasures()
    watch = RotationWatch(site.database, site.reader, measures=measures)
    await watch.begin()
    assert await watch.look() == 0
    await site.rotations.tell(an_operator(site.acme.id), read_prefix("vault://kv/acme/"))
    assert [await watch.look(), await watch.look()] == [1, 0]


async def test_what_a_newer_release_tells_stops_no_watch(site: Site) -> None:
    """What can't be read names nothing that this release holds; what follows is heard."""
    await site.reader.read(site.wish())
    measures = KeptMeasures()
    watch = RotationWatch(site.database, site.reader, measures=measures)
    await watch.begin()
    await site.rows("select rotate_secret('newer://x', null, '')")
    await site.rows("select rotate_secret('vault://kv/acme/crm', null, '')")
    assert await watch.look() == 2
    assert measures.failures == ["rotation"]
    assert site.reader.peek(site.wish()) is None


async def test_a_database_that_is_away_stops_no_watch(site: Site) -> None:
    """It is looked at again."""
    measures = KeptMeasures()
    watch = RotationWatch(
        site.database, site.reader, measures=measures, pace=WatchingPace(every_s=0.001)
    )
    await watch.begin()
    await site.database.close()
    task = asyncio.create_task(watch.run())
    await measures.until(lambda: len(measures.failures) > 1, within_s=30)
    watch.end()
    await task
    assert set(measures.failures) == {"rotations"}


class OddDatabase(Database):
    """Fail in a way that nobody foresaw."""

    def __init__(self) -> None:
        """Connect to nothing."""

    @override
    def connection(self) -> NoReturn:
        raise RuntimeError("odd")


async def test_a_failure_that_nobody_foresaw_stops_no_watch(site: Site) -> None:
    """Who ends silently would let old values serve until the process ends."""
    measures = KeptMeasures()
    watch = RotationWatch(
        OddDatabase(), site.reader, measures=measures, pace=WatchingPace(every_s=0.001)
    )
    task = asyncio.create_task(watch.run())
    await measures.until(lambda: len(measures.failures) > 1)
    watch.end()
    await task


@pytest.mark.parametrize(
    ("told", "whose"),
    [
        pytest.param("vault://kv/acme/crm", ["acme"], id="one of a tenant"),
        pytest.param("vault://kv/", ["acme", "other"], id="a place of two"),
        pytest.param("vault://platform/smtp", [], id="the platform's own"),
    ],
)
async def test_the_organizations_concerned_are_told_and_no_others(
    site: Site, told: str, whose: list[str]
) -> None:
    """By a record and an event of the same shape as the catalogue says."""
    await site.rotations.tell(an_operator(site.acme.id), read_prefix(told))

    wanted = sorted({"acme": site.acme.id, "other": site.other.id}[name] for name in whose)
    for table, column in (("audit_records", "kind"), ("events", "type")):
        rows = await site.rows(
            f"select organization_id, document from {table} where {column} = 'secret.rotated' "  # noqa: S608  # names of ours
            "order by organization_id"
        )
        assert [row["organization_id"] for row in rows] == wanted
        for row in rows:
            assert orjson.loads(row["document"])["reference"] == told
    for row in await site.rows("select document from events where type = 'secret.rotated'"):
        EVENT_TYPES["secret.rotated"].data.model_validate_json(row["document"])


async def test_an_organization_that_is_gone_stops_no_rotation(site: Site) -> None:
    """A space may outlive whose it was."""
    spaces = {"org_01KDVDNA000000000000000009": ["vault://kv/gone/"]}
    _, rotations = a_process(site.database, site.provider, orjson.dumps(spaces).decode())
    answer = await rotations.tell(an_operator(site.acme.id), read_prefix("vault://kv/gone/"))
    assert answer.status == 202


async def test_a_rotation_is_told_once_for_each_key(site: Site) -> None:
    """Its repetition is answered alike; another body under the key is refused."""
    key = RequestKey(route="POST /v1/secrets/rotations", key="a", body_digest="1")
    asked = an_operator(site.acme.id, key=key)
    first = await site.rotations.tell(asked, read_prefix(CRM.text()))
    again = await site.rotations.tell(asked, read_prefix(CRM.text()))
    assert (first.document, first.replayed) == (again.document, False)
    assert again.replayed
    assert await last_rotation(site.database) == first.document["rotation"]

    reused = an_operator(site.acme.id, key=replace(key, body_digest="2"))
    with pytest.raises(KeyReusedError):
        await site.rotations.tell(reused, read_prefix("vault://kv/acme/"))
    assert len(await site.rows("select from events where type = 'secret.rotated'")) == 1


async def test_a_rotation_whose_records_failed_is_recorded_when_it_is_told_again(
    site: Site,
) -> None:
    """The answer that did not come is asked for again under the same key: nothing is lost."""
    key = RequestKey(route="POST /v1/secrets/rotations", key="a", body_digest="1")
    asked = an_operator(site.acme.id, key=key)
    async with session(site.database.urls.superuser_url) as superuser:
        await superuser.execute("alter table events rename to events_away")
        with pytest.raises(Exception, match="events"):
            await site.rotations.tell(asked, read_prefix(CRM.text()))
        await superuser.execute("alter table events_away rename to events")

    for _ in range(2):
        assert (await site.rotations.tell(asked, read_prefix(CRM.text()))).replayed
    for query in (
        "select from events where type = 'secret.rotated'",
        "select from audit_records where kind = 'secret.rotated'",
    ):
        assert len(await site.rows(query)) == 1


@pytest.mark.parametrize("kind", [kind for kind in CredentialKind if kind != "operator"])
async def test_nobody_but_the_operator_tells_of_rotations(site: Site, kind: CredentialKind) -> None:
    """Not even an owner, of their own secrets: it makes providers be asked."""
    asked = an_operator(site.acme.id)
    caller = replace(site.acme.owner.caller, credential_kind=kind)
    with pytest.raises(NotAllowedError, match="PLANGATE_OPERATOR_TOKEN"):
        await site.rotations.tell(replace(asked, caller=caller), read_prefix(CRM.text()))
    assert await last_rotation(site.database) == 0


async def test_numbers_of_rotations_are_seen_in_their_order(site: Site) -> None:
    """Nobody who goes by them misses one that was told meanwhile."""
    async with session(site.database.app_url) as one, session(site.database.app_url) as two:
        async with one.transaction():
            first = await one.fetchval("select told from rotate_secret('vault://a/b', null, '')")
            waiting = asyncio.create_task(
                two.fetchval("select told from rotate_secret('vault://c/d', null, '')")
            )
            async with asyncio.timeout(10):
                while not await site.rows(  # noqa: ASYNC110  # the server tells nobody
                    "select from pg_locks where not granted"
                ):
                    await asyncio.sleep(0.005)
            assert await last_rotation(site.database) == 0
        assert await waiting > first


async def test_rotations_can_not_be_taken_back(site: Site) -> None:
    """The app's role adds to them, and nothing else."""
    await site.rotations.tell(an_operator(site.acme.id), read_prefix(CRM.text()))
    async with session(site.database.app_url) as app:
        for statement in (
            "delete from secret_rotations",
            "update secret_rotations set reference = 'x'",
            "truncate secret_rotations",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)


async def test_an_outage_while_a_secret_is_rotated_closes_it(site: Site) -> None:
    """The old value may be in wrong hands: it does not serve on."""
    await site.reader.read(site.wish())
    site.provider.fails = down
    await site.rotations.tell(an_operator(site.acme.id), read_prefix(CRM.text()))
    with pytest.raises(Exception, match="nobody answers"):
        await site.reader.read(site.wish())
