"""What `plangate dev` serves from is its own, or what the environment names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from runtime.bootstrap.dev import Backing, open_backing, prepare_database, shown_address
from runtime.bootstrap.dev_folder import ServiceKeys
from runtime.domain.errors import SchemaMismatchError, UnsafeRoleError
from runtime.settings import ServiceSettings
from runtime.store import revisions, schema
from tests.database import DatabaseUrls, apart

KEYS = ServiceKeys(token_key="k" * 64, operator_token="o" * 64)
NAMED = {
    "PLANGATE_DATABASE_URL": "postgresql://app:secret@127.0.0.1:1/x",
    "PLANGATE_REDIS_URL": "redis://:secret@127.0.0.1:2/0",
}


def a_backing(urls: DatabaseUrls, *, owner: bool, app_url: str | None = None) -> Backing:
    """Return what stands on somebody's database."""
    return Backing(
        database_url=app_url or urls.app_url,
        owner_url=urls.owner_url if owner else None,
        redis_url="redis://127.0.0.1:1/0",
        embedded={},
    )


def test_named_servers_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    """The folder stays empty; without an address of its own nothing is migrated."""
    with open_backing(NAMED, tmp_path) as backing:
        assert backing.database_url == NAMED["PLANGATE_DATABASE_URL"]
        assert backing.redis_url == NAMED["PLANGATE_REDIS_URL"]
        assert (backing.owner_url, backing.embedded, backing.failure) == (None, {}, None)

    assert list(tmp_path.iterdir()) == []
    assert "secret" not in repr(backing)


def test_the_owners_address_is_taken_with_the_database() -> None:
    """Who names both lets it be migrated."""
    told = {**NAMED, "PLANGATE_MIGRATION_URL": "postgresql://owner@127.0.0.1:1/x"}

    with open_backing(told, Path("/nowhere")) as backing:
        assert backing.owner_url == told["PLANGATE_MIGRATION_URL"]


async def _connects(url: str) -> bool:
    connection = await asyncpg.connect(url)
    await connection.close()
    return True


def test_what_is_not_named_is_started_and_stopped(tmp_path: Path) -> None:
    """Each on its own: a database that is named does not bring a Redis along."""
    told = {"PLANGATE_REDIS_URL": NAMED["PLANGATE_REDIS_URL"]}

    with open_backing(told, tmp_path) as backing:
        assert set(backing.embedded) == {"Postgres"}
        assert backing.owner_url is not None
        assert asyncio.run(_connects(backing.owner_url))

    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        asyncio.run(_connects(backing.owner_url))


def test_the_service_is_told_what_it_needs() -> None:
    """Enough to start with; what a person set stays."""
    with open_backing(NAMED, Path("/nowhere")) as backing:
        folders = {"copies": Path("/nowhere/audit"), "evaluations": Path("/nowhere/evaluations")}
        made = backing.variables(NAMED, KEYS, **folders)
        kept = backing.variables({**NAMED, "PLANGATE_TOKEN_KEYS": "own" * 20}, KEYS, **folders)

    settings = ServiceSettings.read(made)
    assert settings.identity.operator_token is not None
    assert settings.identity.operator_token.get_secret_value() == KEYS.operator_token
    assert settings.audit.keys is not None
    assert [sink.name for sink in settings.audit.sinks] == ["file:///nowhere/audit"]
    assert settings.evaluations == Path("/nowhere/evaluations")
    assert settings.model_offers.chat == "plangate/keyword"
    assert settings.model == ""
    assert made["PLANGATE_TOKEN_KEYS"] == KEYS.token_key
    assert kept["PLANGATE_TOKEN_KEYS"] == "own" * 20


def test_conversations_ask_the_model_that_a_person_names() -> None:
    """By either variable; the one of conversations goes first."""
    folders = {"copies": Path("/nowhere/audit"), "evaluations": Path("/nowhere/evaluations")}
    named = {**NAMED, "PLANGATE_MODEL": "openai/a"}
    with open_backing(NAMED, Path("/nowhere")) as backing:
        one = backing.variables(named, KEYS, **folders)
        two = backing.variables({**named, "PLANGATE_CHAT_MODEL": "openai/b"}, KEYS, **folders)

    assert one["PLANGATE_CHAT_MODEL"] == "openai/a"
    assert two["PLANGATE_CHAT_MODEL"] == "openai/b"


def test_a_database_of_ones_own_is_migrated(empty_database_urls: DatabaseUrls) -> None:
    """With rights for the role that serves."""
    prepare_database(a_backing(empty_database_urls, owner=True))

    found = apart(schema.current_revision(empty_database_urls.app_url))
    assert found == revisions.head_revision()


def test_a_database_of_others_is_only_checked(
    empty_database_urls: DatabaseUrls, database_urls: DatabaseUrls
) -> None:
    """One that was not migrated is refused, and stays as it was."""
    prepare_database(a_backing(database_urls, owner=False))
    with pytest.raises(SchemaMismatchError, match="plangate db upgrade"):
        prepare_database(a_backing(empty_database_urls, owner=False))

    assert apart(schema.current_revision(empty_database_urls.owner_url)) is None


def test_a_role_that_may_too_much_does_not_serve(database_urls: DatabaseUrls) -> None:
    """Neither here nor in production."""
    backing = a_backing(database_urls, owner=False, app_url=database_urls.owner_url)

    with pytest.raises(UnsafeRoleError):
        prepare_database(backing)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("redis://:pass@host:6379/0", "redis://host:6379/0", id="a password"),
        pytest.param("postgresql://a:b@[::1]:1/x?password=c", "postgresql://[::1]:1/x", id="two"),
        pytest.param("unix:///run/redis.sock", "unix:///run/redis.sock", id="no host"),
    ],
)
def test_an_address_is_shown_without_its_login(url: str, shown: str) -> None:
    """Passwords stay where they are kept."""
    assert shown_address(url) == shown
