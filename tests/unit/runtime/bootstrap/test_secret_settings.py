"""Tests of references in the place of secrets in the environment, with files as who keeps them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runtime.bootstrap.secret_settings import LISTS, ONE, resolved
from runtime.settings import ServiceSettings, SettingsError

KEY = "k" * 40
CANARY = "canary-7f3a" * 4


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Keep secrets in files."""
    for name, text in {
        "key": KEY,
        "two": f"{KEY}1,{KEY}2\n",
        "database": "postgresql://app:hunter2@127.0.0.1/x\n",
        "json": f'{{"url": "redis://:{CANARY}@127.0.0.1:1/0"}}',
        "empty": "\n",
        "reference": "file:///etc/hostname",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_settings_get_the_values_and_the_environment_keeps_the_references(kept: Path) -> None:
    """Children of the process get what it got; what was read is known by version."""
    told = {
        "PLANGATE_DATABASE_URL": f"file://{kept}/database",
        "PLANGATE_REDIS_URL": f"file://{kept}/json#url, redis://127.0.0.1:2/0",
        "PLANGATE_TOKEN_KEYS": f"file://{kept}/key,file://{kept}/two",
        "PLANGATE_OPERATOR_TOKEN": f"file://{kept}/key",
        "PLANGATE_EGRESS_ALLOW": "localhost:1",
    }
    settings = ServiceSettings.read(told, resolve=resolved)

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://app:hunter2@127.0.0.1/x"
    assert [key.get_secret_value() for key in settings.identity.token_keys] == [
        KEY,
        f"{KEY}1",
        f"{KEY}2",
    ]
    assert [url.get_secret_value() for url in settings.redis_urls] == [
        f"redis://:{CANARY}@127.0.0.1:1/0",
        "redis://127.0.0.1:2/0",
    ]
    assert settings.identity.operator_token is not None
    assert settings.environ == told
    assert [item.name for item in settings.resolved] == [
        "PLANGATE_DATABASE_URL",
        "PLANGATE_OPERATOR_TOKEN",
        "PLANGATE_REDIS_URL",
        "PLANGATE_TOKEN_KEYS",
        "PLANGATE_TOKEN_KEYS",
    ]
    for secret in (KEY, CANARY, "hunter2"):
        assert secret not in repr(settings)
        assert secret not in repr(resolved(told))


async def test_references_are_read_while_an_event_loop_runs(kept: Path) -> None:
    """Uvicorn imports the app within one."""
    assert asyncio.get_running_loop().is_running()
    found = resolved({"PLANGATE_OPERATOR_TOKEN": f"file://{kept}/key"})
    assert found.told == {"PLANGATE_OPERATOR_TOKEN": KEY}


def test_what_holds_no_reference_is_left_as_it_is() -> None:
    """Nothing is opened, and nothing but these variables is looked at."""
    told = {
        "PLANGATE_OPERATOR_TOKEN": KEY,
        "PLANGATE_AUDIT_SINKS": "file:///var/audit",
        "PLANGATE_VAULT_ADDR": "no address",
    }
    assert resolved(told).told is told


@pytest.mark.parametrize("name", [*ONE, *LISTS])
def test_each_variable_with_a_secret_may_be_a_reference(kept: Path, name: str) -> None:
    """And the message for one that can't be read names the variable and the reference."""
    assert resolved({name: f"file://{kept}/key"}).told == {name: KEY}
    with pytest.raises(SettingsError, match=rf"{name}: .*file://{kept}/nothing"):
        resolved({name: f"file://{kept}/nothing"})


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("file://{kept}/empty", id="empty"),
        pytest.param("file://{kept}/reference", id="a reference in its place"),
        pytest.param("file://{kept}/json#token", id="no such field"),
        pytest.param("file://{kept}/../key", id="a way up"),
        pytest.param("FILE://{kept}/key", id="another spelling"),
        pytest.param(f"vault://kv/{CANARY}?x", id="no reference"),
        pytest.param("env://PATH", id="a variable, where that is not allowed"),
        pytest.param("vault://kv/shop/crm", id="a keeper that there is none of"),
    ],
)
def test_what_can_not_be_read_ends_the_start_and_is_not_repeated(
    kept: Path, reference: str
) -> None:
    """The message names the variable, and no value."""
    with pytest.raises(SettingsError, match="PLANGATE_DATABASE_URL") as raised:
        resolved({"PLANGATE_DATABASE_URL": reference.format(kept=kept)})
    for secret in (KEY, CANARY, "hunter2"):
        assert secret not in str(raised.value)


def test_development_may_name_variables() -> None:
    """Where it is told so."""
    told = {
        "PLANGATE_ENV_SECRETS": "on",
        "PLANGATE_OPERATOR_TOKEN": "env://OPERATOR",
        "OPERATOR": KEY,
    }
    assert resolved(told).told["PLANGATE_OPERATOR_TOKEN"] == KEY


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"PLANGATE_VAULT_CA_FILE": "/nothing"}, id="no file of certificates"),
        pytest.param(
            {
                "PLANGATE_VAULT_ADDR": "http://127.0.0.1:1",
                "PLANGATE_VAULT_CREDENTIAL": f"{CANARY}\u20ac",
            },
            id="a token that no header can hold",
        ),
    ],
)
def test_a_client_that_fails_in_a_way_of_its_own_is_named_all_the_same(
    told: dict[str, str],
) -> None:
    """The start ends with the variable and the reference, never with foreign words."""
    vault = {
        "PLANGATE_VAULT_ADDR": "https://127.0.0.1:1",
        "PLANGATE_VAULT_AUTH": "token",
        "PLANGATE_VAULT_CREDENTIAL": CANARY,
        "PLANGATE_OPERATOR_TOKEN": "vault://kv/operator#token",
    }
    with pytest.raises(SettingsError, match=r"OPERATOR_TOKEN: secret vault://") as raised:
        resolved(vault | told)
    assert CANARY not in str(raised.value)
