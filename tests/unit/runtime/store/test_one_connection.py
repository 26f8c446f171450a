"""Hold the one connection to its bounds and to its words when there is none."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from runtime.domain.errors import SchemaError, StorageUnavailableError
from runtime.store.one_connection import connected, role_of, sqlstate
from tests.database import DatabaseServer, DatabaseUrls


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("lock_timeout", "1s", id="locks"),
        pytest.param("statement_timeout", "5s", id="statements"),
        pytest.param("search_path", "public", id="names"),
    ],
)
async def test_every_statement_is_bounded(
    database_urls: DatabaseUrls, setting: str, value: str
) -> None:
    """What a revision does outside of its own transaction is bounded as well."""
    async with connected(database_urls.owner_url) as connection:
        found = await connection.scalar(
            text("select current_setting(:setting)"), {"setting": setting}
        )

    assert found == value


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("not an address", id="words"),
        pytest.param("postgresql://host:port/db", id="a port in letters"),
        pytest.param("", id="nothing"),
    ],
)
async def test_an_address_that_is_none_is_named_as_such(url: str) -> None:
    """The message shows the form, and repeats nothing of what may hold a password."""
    with pytest.raises(SchemaError, match="write it as postgresql://") as refused:
        async with connected(url):
            raise AssertionError

    assert url == "" or url not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "role"),
    [
        pytest.param("postgresql://ada:secret@host/db", "ada", id="named"),
        pytest.param("postgresql://host/db", None, id="nobody"),
    ],
)
def test_an_address_names_its_role(url: str, role: str | None) -> None:
    """The role that the app connects as is the one that migrations give rights to."""
    assert role_of(url) == role


async def test_a_wrong_password_is_no_connection(database_server: DatabaseServer) -> None:
    """Who is not let in is told so, without the password."""
    url = make_url(database_server.urls("plangate").app_url).set(password="wrong-one")  # noqa: S106  # wrong
    with pytest.raises(StorageUnavailableError, match="InvalidPasswordError") as refused:
        async with connected(url.render_as_string(hide_password=False)):
            raise AssertionError

    assert "wrong-" not in str(refused.value)


async def test_nobody_at_the_address_is_no_connection(unused_tcp_port: int) -> None:
    """A server that is down is not a fault of the schema."""
    with pytest.raises(StorageUnavailableError):
        async with connected(f"postgresql://a:b@127.0.0.1:{unused_tcp_port}/c"):
            raise AssertionError


async def test_what_went_wrong_has_its_five_letters(database_urls: DatabaseUrls) -> None:
    """Postgres names its errors by codes that no translation changes."""
    async with connected(database_urls.app_url) as connection:
        with pytest.raises(DBAPIError) as refused:
            await connection.execute(text("select current_organization()"))

    assert sqlstate(refused.value) == "PL001"
