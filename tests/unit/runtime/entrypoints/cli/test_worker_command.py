"""`plangate worker` says in a line what keeps it from working, and ends with a code that tells."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from runtime.entrypoints.cli.worker import app
from runtime.entrypoints.cli.worker_command import BROKEN, CONFIGURATION

KEY = "k" * 40
NOBODY = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        pytest.param({}, CONFIGURATION, "PLANGATE_DATABASE_URL is not set", id="no database"),
        pytest.param(
            {"PLANGATE_DATABASE_URL": f"postgresql://a:b@{NOBODY}/x"},
            CONFIGURATION,
            "PLANGATE_REDIS_URL is not",
            id="no Redis",
        ),
        pytest.param(
            {
                "PLANGATE_DATABASE_URL": f"postgresql://a:b@{NOBODY}/x",
                "PLANGATE_REDIS_URL": f"redis://{NOBODY}/0",
                "PLANGATE_TOKEN_KEYS": KEY,
                "PLANGATE_BROKER_URL": "gcpubsub://p",
            },
            CONFIGURATION,
            "plangate[pubsub]",
            id="a broker whose client is not installed",
        ),
        pytest.param(
            {
                "PLANGATE_DATABASE_URL": f"postgresql://a:b@{NOBODY}/x",
                "PLANGATE_REDIS_URL": f"redis://{NOBODY}/0",
                "PLANGATE_TOKEN_KEYS": KEY,
            },
            BROKEN,
            "database",
            id="a database that does not answer",
        ),
    ],
)
def test_what_is_wrong_is_said_and_coded(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], code: int, told: str
) -> None:
    """A supervisor learns whether to try again, a person why."""
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "TOKEN_KEYS"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    found = CliRunner().invoke(app, ["--grace-s", "1"])

    assert found.exit_code == code
    assert told in found.output


@pytest.mark.parametrize(
    "option", [("--at-once", "0"), ("--alone", "0"), ("--most-memory-mb", "1")]
)
def test_bounds_that_make_no_sense_are_refused(option: tuple[str, str]) -> None:
    """Before anything is opened."""
    assert CliRunner().invoke(app, option).exit_code != 0
