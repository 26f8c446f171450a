"""`plangate project purge` repeats itself until nothing of the project is left."""

from __future__ import annotations

import orjson
from typer.testing import CliRunner

from runtime.entrypoints.cli.main import app
from tests.servers.scripted_api import answer, scripted_api

PROJECT = "prj_01KDVDNA000000000000000000"
GONE = {"project": PROJECT, "versions": 9, "outcomes": 8, "digest": "d"}


def test_a_long_purge_is_repeated_until_it_is_done() -> None:
    """Each time under another key; what is left is told to people, the end to programs."""
    answers = [
        answer({**GONE, "purged": False, "remaining": 17}),
        answer({**GONE, "purged": False, "remaining": 5}),
        answer({**GONE, "purged": True, "remaining": 0}),
    ]
    with scripted_api(answers) as api:
        result = CliRunner().invoke(
            app,
            ["project", "purge", PROJECT, "--confirm", "Furnace", "--url", api.url, "--json"],
            env={"PLANGATE_TOKEN": "t"},
        )

    assert result.exit_code == 0, result.output
    assert orjson.loads(result.stdout) == {**GONE, "purged": True, "remaining": 0}
    assert result.stderr.splitlines() == [
        "17 rows of its history are left",
        "5 rows of its history are left",
    ]
    assert [asked.json for asked in api.asked] == [{"confirm": "Furnace"}] * 3
    assert len({asked.headers["idempotency-key"] for asked in api.asked}) == 3
