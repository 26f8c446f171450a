"""Workers start with references in the place of secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from tests.yard import Yard

NAMES = (
    "PLANGATE_DATABASE_URL",
    "PLANGATE_REDIS_URL",
    "PLANGATE_BROKER_URL",
    "PLANGATE_TOKEN_KEYS",
)


async def test_a_worker_reads_what_its_environment_names(yard: Yard, tmp_path: Path) -> None:
    """It does its jobs, tells of each reading, and no value is in what it says."""
    references, values = {}, {}
    for name in NAMES:
        values[name] = yard.variables[name]
        (tmp_path / name).write_text(values[name] + "\n")
        (tmp_path / name).chmod(0o600)
        references[name] = f"file://{tmp_path}/{name}"
    jobs = await yard.post(2)

    worker = await yard.started(**references)

    await yard.becomes({"done": 2})
    assert yard.received == dict.fromkeys(jobs, 1)
    read = {event["why"]: event for event in worker.events if event["event"] == "secret.read"}
    assert {name: read[name]["reference"] for name in NAMES} == references
    for value in values.values():
        assert (urlsplit(value).password or value) not in worker.text


async def test_a_worker_without_its_secret_does_not_start(yard: Yard, tmp_path: Path) -> None:
    """It says which variable and which reference it is."""
    worker = yard.worker(PLANGATE_TOKEN_KEYS=f"file://{tmp_path}/nothing")

    assert await asyncio.to_thread(worker.exit_code) == 5
    assert "PLANGATE_TOKEN_KEYS" in worker.text
    assert f"file://{tmp_path}/nothing" in worker.text
