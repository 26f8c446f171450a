"""Whatever kills a strict process or harms its sink: what was acknowledged has its copy."""

from __future__ import annotations

import asyncio
import re
import sys

from tests.copy_judge import kept_in, verdict
from tests.database import FreshDatabase, session
from tests.execution import an_increment
from tests.strict import StrictWorld
from tests.worm import Fault

RUNS = 20


async def test_kills_and_harmed_sinks_lose_nothing() -> None:
    """A small campaign ends without a problem, and did kill (U6, N11)."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.audit_chaos", "--runs", str(RUNS), "--seed", "7"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await child.communicate()
    text = told.decode()

    assert child.returncode == 0, text
    acknowledged = re.search(r"acknowledged (\d+), refused (\d+)", text)
    assert acknowledged is not None
    assert all(int(count) for count in acknowledged.groups()), text
    assert f"{RUNS} runs in" in text
    assert "between copy and commit" in text


async def test_the_judge_sees_an_acknowledgement_without_a_copy(
    strict: StrictWorld, database: FreshDatabase
) -> None:
    """A sink that lies is what the campaign would call a problem; without it there is none."""
    done = [str((await strict.world.execute(an_increment()))["id"])]
    before = await judged(strict, database, done)
    strict.sink.fault = Fault.LIES
    done.append(str((await strict.world.execute(an_increment()))["id"]))

    assert before == []
    assert await judged(strict, database, done) == [
        f"1 acknowledged without a copy in {strict.organization}",
        f"1 committed without a copy in {strict.organization}",
    ]


async def judged(strict: StrictWorld, database: FreshDatabase, done: list[str]) -> list[str]:
    """Number all records, and ask the judge."""
    await strict.sequence()
    async with session(database.urls.superuser_url) as superuser:
        return await verdict(superuser, strict.organization, done=done, kept=kept_in(strict.sink))
