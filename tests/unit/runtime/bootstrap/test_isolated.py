"""Jobs that a process died with run in processes of their own, whatever these do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runtime.bootstrap.isolated import Isolated, IsolatedPace
from runtime.domain.errors import QueueUnavailableError
from tests.broker import a_message, until

PROGRAM = """
import os, sys, time
def answer(text):
    os.write(1, text.encode())
answer("ready\\n")
for line in sys.stdin:
    exec(sys.argv[2])
"""
DONE = "answer('done\\n')"
FOREVER = "time.sleep(600)"


@dataclass(slots=True)
class Site:
    """Hold what is tested, which processes were started, and what was told."""

    isolated: Isolated
    names: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@asynccontextmanager
async def a_site(
    does: str = DONE, *, program: str = PROGRAM, python: str = sys.executable, **pace: float
) -> AsyncIterator[Site]:
    """Open one whose processes do something with each message."""
    names: list[str] = []
    told: list[str] = []
    bounds: dict[str, Any] = {"at_once": 1, "grace_s": 0.2, "rest_s": 0.01, **pace}

    def command(name: str) -> tuple[str, ...]:
        names.append(name)
        return (python, "-c", program, name, does)

    found = Isolated(
        command,
        worker="w",
        environ={},
        tell=told.append,
        pace=IsolatedPace(**bounds),
    )
    try:
        yield Site(found, names, told)
    finally:
        await found.close()


async def test_one_process_does_one_message_after_the_other() -> None:
    """It is kept; its name begins with that of the worker, and is nobody else's."""
    async with a_site() as site:
        await site.isolated.run(a_message(1, alone=True))
        await site.isolated.run(a_message(2, alone=True))

        assert (site.names, site.told) == (["w-1"], [])


async def test_no_more_processes_run_than_may(tmp_path: Path) -> None:
    """The others wait for one."""
    log = tmp_path / "log"
    note = f"open({str(log)!r}, 'a').write"
    does = f"{note}('b'); time.sleep(0.1); {note}('e'); {DONE}"
    async with a_site(does) as site, asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(site.isolated.run(a_message(number, alone=True)))

    assert log.read_text() == "bebebe"


async def test_a_message_that_was_not_begun_is_offered_again() -> None:
    """The process ends, say, and says so."""
    async with a_site("answer('again\\n')") as site:
        with pytest.raises(QueueUnavailableError):
            await site.isolated.run(a_message(alone=True))


@pytest.mark.parametrize(
    ("does", "told"),
    [
        pytest.param("os.kill(os.getpid(), 9)", "by SIGKILL", id="killed"),
        pytest.param("os._exit(3)", "with exit code 3", id="ended"),
        pytest.param("answer('hm\\n'); time.sleep(60)", "by SIGKILL", id="talks nonsense"),
    ],
)
async def test_a_process_that_dies_is_told_and_its_job_is_left_to_its_lease(
    does: str, told: str
) -> None:
    """The message is over; the next one gets another process."""
    async with a_site(does) as site:
        await site.isolated.run(a_message(1, alone=True))
        await site.isolated.run(a_message(2, alone=True))

        assert site.names == ["w-1", "w-2"]
        assert told in site.told[0]
        assert a_message(1).job_ids[0] in site.told[0]


@pytest.mark.parametrize(
    ("program", "python"),
    [
        pytest.param("", sys.executable, id="it ends"),
        pytest.param("print('hello', flush=True)", sys.executable, id="it says something else"),
        pytest.param("import time; time.sleep(600)", sys.executable, id="it says nothing"),
        pytest.param("", "/no/such/python", id="there is none"),
    ],
)
async def test_a_process_that_does_not_start_loses_no_message(program: str, python: str) -> None:
    """Somebody else is offered it; why is told."""
    async with a_site(program=program, python=python, start_s=1.0) as site:
        with pytest.raises(QueueUnavailableError):
            await site.isolated.run(a_message(alone=True))

        assert "did not start" in site.told[0]


async def test_an_idle_process_is_ended_after_a_while() -> None:
    """Suspects are rare, and their process takes memory."""
    async with a_site(idle_s=0.05, grace_s=5.0) as site:
        await site.isolated.run(a_message(1, alone=True))
        await until(_ended_all)
        await site.isolated.run(a_message(2, alone=True))

        assert site.names == ["w-1", "w-2"]


async def test_who_ends_ends_its_processes(tmp_path: Path) -> None:
    """What they run is over or their leases tell, and nothing new is begun."""
    mark = tmp_path / "mark"
    async with a_site(f"{_marking(mark)}; {FOREVER}") as site:
        running = asyncio.create_task(site.isolated.run(a_message(1, alone=True)))
        await until(mark.exists)

        await site.isolated.close()
        await running

        with pytest.raises(QueueUnavailableError):
            await site.isolated.run(a_message(2, alone=True))
    await until(_ended_all)


async def test_a_process_whose_answer_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    """The next one who asks would get it."""
    mark = tmp_path / "mark"
    async with a_site(f"{_marking(mark)}; time.sleep(0.3); {DONE}") as site:
        running = asyncio.create_task(site.isolated.run(a_message(1, alone=True)))
        await until(mark.exists)
        running.cancel()
        await asyncio.wait({running})

        await site.isolated.run(a_message(2, alone=True))

        assert site.names == ["w-1", "w-2"]


async def test_messages_do_not_pile_up_without_end(tmp_path: Path) -> None:
    """What is beyond the bound comes again from the outbox."""
    mark = tmp_path / "mark"
    async with a_site(f"{_marking(mark)}; time.sleep(0.3); {DONE}", most_waiting=1) as site:
        running = asyncio.create_task(site.isolated.run(a_message(1, alone=True)))
        await until(mark.exists)

        await site.isolated.run(a_message(2, alone=True))

        assert not running.done()
        await running


def _marking(path: Path) -> str:
    """Return a program that says by a file that it is at work."""
    return f"open({str(path)!r}, 'w')"


def _ended_all() -> bool:
    """Say whether this process has no child that runs a program of these tests."""
    return not any(_running("w-"))


def _running(name: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if len(line) > 4 and line[3].decode(errors="replace").startswith(name):
                found.append(entry.name)
    return found
