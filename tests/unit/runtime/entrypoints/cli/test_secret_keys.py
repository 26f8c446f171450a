"""`plangate secret rotate-keys` says what it did and what it could not, and ends with a code."""

from __future__ import annotations

import asyncio
import json
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import EnvelopeSeal
from runtime.entrypoints.cli.secret import app
from runtime.services.webhooks.sealing import headers_of, secret_of, url_of
from tests.database import DatabaseUrls, apart, session
from tests.row_ids import an_id
from tests.rows import inserted, organization, rows_of

TOKEN, NEW = "t" * 32, "n" * 32
ORGANIZATION: Final = organization(1)
ENDPOINT: Final = an_id("whe", 1)
SECRET: Final = an_id("whs", 1)
WANTED: Final = ("organizations", "members", "projects", "webhook_endpoints", "webhook_secrets")


@pytest.fixture(autouse=True)
def _nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "TOKEN_KEYS", "SEALING_KEYS"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)


def rotated(url: str, *arguments: str, sealing: str = NEW) -> Result:
    """Run the command as a shell would."""
    environ = {
        "PLANGATE_DATABASE_URL": url,
        "PLANGATE_TOKEN_KEYS": TOKEN,
        "PLANGATE_SEALING_KEYS": sealing,
    }
    return CliRunner().invoke(app, ["rotate-keys", *arguments], env=environ)


async def stored(urls: DatabaseUrls, *, key: str = TOKEN) -> None:
    """Store a webhook as it was sealed before there were envelopes."""
    seal, rows = AesSeal([key.encode()]), rows_of(ORGANIZATION)
    async with session(urls.superuser_url) as superuser:
        for table in WANTED:
            values = dict(rows[table])
            if table == "webhook_endpoints":
                values["sealed_url"] = seal.sealed("https://a.example", bound_to=url_of(ENDPOINT))
                values["sealed_headers"] = seal.sealed("{}", bound_to=headers_of(ENDPOINT))
            if table == "webhook_secrets":
                values["sealed"] = seal.sealed("whsec_x", bound_to=secret_of(SECRET))
            await superuser.execute(inserted(table, values), *values.values())


async def sealed(urls: DatabaseUrls) -> bytes:
    """Return the address as it is stored."""
    async with session(urls.superuser_url) as superuser:
        found: bytes = await superuser.fetchval("select sealed_url from webhook_endpoints")
        return found


def test_all_of_it_is_sealed_under_the_newest_key(database_urls: DatabaseUrls) -> None:
    """It says how many rows, and the second time that there were none."""
    apart(stored(database_urls))

    first, second = rotated(database_urls.app_url), rotated(database_urls.app_url, "--json")

    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "webhook_endpoints.sealed_url: 1 of 1 sealed anew\n" in first.stdout
    assert "hook_secrets.sealed: 0 of 0 sealed anew\n" in first.stdout
    told = json.loads(second.stdout)
    assert told["done"]
    assert {
        column["name"]: (column["rows"], column["renewed"], column["held"], column["broken"])
        for column in told["columns"]
        if column["rows"]
    } == {
        "webhook_endpoints.sealed_url": (1, 0, 0, 0),
        "webhook_endpoints.sealed_headers": (1, 0, 0, 0),
        "webhook_secrets.sealed": (1, 0, 0, 0),
    }
    only_new = EnvelopeSeal([NEW.encode()], before=AesSeal([]))
    kept = apart(sealed(database_urls))
    assert only_new.opened(kept, bound_to=url_of(ENDPOINT)) == "https://a.example"


def test_rows_that_do_not_open_are_named(database_urls: DatabaseUrls) -> None:
    """And what to do; nothing that is sealed is shown."""
    apart(stored(database_urls, key="x" * 32))

    done, machine = rotated(database_urls.app_url), rotated(database_urls.app_url, "--json")

    assert (done.exit_code, machine.exit_code) == (1, 1)
    assert "webhook_endpoints.sealed_url: 0 of 1 sealed anew\n  1 don't open" in done.stdout
    assert f"{ORGANIZATION}/{ENDPOINT}" in done.stdout
    told = json.loads(machine.stdout)
    assert not told["done"]
    assert told["columns"][0]["broken_rows"] == [f"{ORGANIZATION}/{ENDPOINT}"]


async def rotated_while_held(urls: DatabaseUrls) -> Result:
    """Run the command while somebody holds the webhook's address."""
    async with session(urls.superuser_url) as superuser, superuser.transaction():
        await superuser.execute("select from webhook_endpoints for update")
        return await asyncio.to_thread(rotated, urls.app_url)


def test_rows_that_somebody_held_are_counted(database_urls: DatabaseUrls) -> None:
    """The next run finds them free."""
    apart(stored(database_urls))

    done = apart(rotated_while_held(database_urls))

    assert done.exit_code == 1
    assert "0 of 1 sealed anew\n  1 were held by others all the while: run this" in done.stdout
    assert rotated(database_urls.app_url).exit_code == 0


@pytest.mark.parametrize(
    ("environ", "code", "told"),
    [
        pytest.param({}, 5, "PLANGATE_DATABASE_URL is not set", id="no database"),
        pytest.param(
            {"PLANGATE_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"},
            5,
            "neither PLANGATE_SEALING_KEYS nor",
            id="no key",
        ),
        pytest.param({"PLANGATE_SEALING_KEYS": "short"}, 5, "fewer than 32", id="a short key"),
        pytest.param(
            {
                "PLANGATE_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x",
                "PLANGATE_SEALING_KEYS": NEW,
            },
            4,
            "run this again",
            id="a database that does not answer",
        ),
    ],
)
def test_what_is_wrong_is_said_and_coded(environ: dict[str, str], code: int, told: str) -> None:
    """In a line, without a key."""
    done = CliRunner().invoke(app, ["rotate-keys"], env=environ)

    assert done.exit_code == code
    assert told in done.stderr
    assert NEW not in done.output


def test_a_role_that_may_too_much_is_refused(database_urls: DatabaseUrls) -> None:
    """The owner of the tables is not who serves."""
    done = rotated(database_urls.owner_url)

    assert done.exit_code == 5
    assert "owns" in done.stderr
