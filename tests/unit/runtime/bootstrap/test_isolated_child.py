"""A process for jobs alone does one message after the other, and ends with who started it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.bootstrap import isolated_child
from runtime.bootstrap.isolated_child import command, serve
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from runtime.ports.job_queue import JobMessage
from tests.broker import until
from tests.courier import Courier, courier
from tests.execution import redis_url
from tests.hostile_plugins import healthy
from tests.wheels import install_module

__all__ = ["courier", "redis_url"]


@dataclass(slots=True)
class Parent:
    """Be at the other ends of the pipes of a process, which is this one."""

    asks: int
    answers: asyncio.StreamReader
    serving: asyncio.Task[None]

    async def answer(self) -> bytes:
        """Wait for an answer."""
        async with asyncio.timeout(20):
            return await self.answers.readline()

    def ask(self, courier: Courier, job_id: str) -> None:
        """Ask for a job."""
        message = JobMessage(
            organization_id=courier.world.caller.organization_id, job_ids=(job_id,), alone=True
        )
        os.write(self.asks, message.spelled().encode() + b"\n")


@asynccontextmanager
async def a_parent(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parent]:
    """Serve, and be the parent."""
    for name, value in courier.variables.items():
        monkeypatch.setenv(name, value)
    asks_out, asks_in = os.pipe()
    answers_out, answers_in = os.pipe()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answers_out, "rb")
    )
    with os.fdopen(asks_out) as standard_input, os.fdopen(answers_in, "wb", buffering=0) as answers:
        monkeypatch.setattr(sys, "stdin", standard_input)
        serving = asyncio.create_task(serve("w-1", answers))
        parent = Parent(asks_in, reader, serving)
        assert await parent.answer() == b"ready\n"
        try:
            yield parent
        finally:
            os.close(asks_in)
            await asyncio.wait({serving}, timeout=30)
            assert serving.done()
            serving.result()


async def test_jobs_are_run_one_after_the_other(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is answered when its end is stored."""
    jobs = [await courier.send() for _ in range(2)]
    async with a_parent(courier, monkeypatch) as parent:
        for job in jobs:
            parent.ask(courier, job)
            assert await parent.answer() == b"done\n"

    assert await courier.statuses() == {"done": 2}


async def test_the_end_of_the_parent_gives_back_what_runs(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is counted against the job."""
    monkeypatch.setattr(isolated_child, "GRACE_S", 0.1)
    courier.receiver.hold = asyncio.Event()
    job = await courier.send()
    async with a_parent(courier, monkeypatch) as parent:
        parent.ask(courier, job)
        await until(lambda: courier.receiver.waiting == 1)

    assert await courier.statuses() == {"waiting": 1}
    assert await courier.superuser.fetchval("select crashes from jobs") == 0


async def test_a_process_that_can_not_work_says_why(courier: Courier) -> None:
    """In a line of the log; it answers nothing."""
    process = await asyncio.create_subprocess_exec(
        *command("w-1"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **courier.variables, "PLANGATE_SMTP_URL": "http://x"},
    )

    answered, said = await process.communicate()

    assert (process.returncode, answered) == (isolated_child.BROKEN, b"")
    assert b"PLANGATE_SMTP_URL" in said
    assert b"Traceback" not in said


def importers(folder: Path) -> list[str]:
    """Return which processes imported the plugin below."""
    return [made.name for made in folder.glob("by-*")]


async def test_a_process_imports_what_its_parent_serves_and_probes_nothing(
    courier: Courier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start would else cost the start of another Python."""
    code = "import os, pathlib\nos.mkdir(pathlib.Path(__file__).with_name(f'by-{os.getpid()}'))\n"
    install_module(tmp_path, "marten", code + healthy("marten"))  # this process keeps it
    monkeypatch.syspath_prepend(tmp_path)
    loader.admit(ADMIT_ALL)
    loader.look_again()
    wanted = command("w-1")
    for made in importers(tmp_path):
        (tmp_path / made).rmdir()
    process = await asyncio.create_subprocess_exec(
        *wanted,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            **courier.variables,
            "PLANGATE_PLUGINS": "dist-marten",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
        },
    )

    answered, _ = await process.communicate(b"")
    loader.look_again()

    assert (process.returncode, answered) == (0, b"ready\n")
    assert importers(tmp_path) == [f"by-{process.pid}"]
