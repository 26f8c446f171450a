"""One child process: started, asked, capped, killed."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from runtime.adapters.rego.frames import packed
from runtime.adapters.rego.process import Caps, ChildLostError, ChildProcess
from runtime.ports.policy import PolicyFault, PolicyFaultError

RULE = b"data.a.p"
PATIENT = Caps(time_s=20)


@asynccontextmanager
async def started(caps: Caps = PATIENT) -> AsyncIterator[ChildProcess]:
    """Run a child for a block."""
    child = await ChildProcess.start(caps)
    try:
        yield child
    finally:
        await child.end()


async def _loaded(child: ChildProcess, text: str) -> None:
    assert await child.ask([b"load", b"r", b"a.rego", f"package a\n{text}".encode()]) == [b"done"]


def _limits(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text(encoding="ascii")


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_child_answers_what_it_was_given() -> None:
    """Modules, then a question, then its answer."""
    async with started() as child:
        await _loaded(child, "p := input.x")

        assert await child.ask([b"decide", b"r", RULE, b'{"x":1}']) == [b"answers", b"value", b"1"]


async def test_an_end_leaves_no_process() -> None:
    """It is reaped, also one that has something to say that nobody has read."""
    child = await ChildProcess.start(PATIENT)
    await _loaded(child, 'p := concat("", [input.x | some _ in numbers.range(1, 10000)])')
    reader, writer = child._pipes()  # noqa: SLF001  # asking would read the answer
    writer.write(packed([b"decide", b"r", RULE, b'{"x":"0123456789"}']))
    await reader.readexactly(1)

    await child.end()

    assert not _runs(child.pid)
    await child.end()


async def test_a_child_that_takes_too_long_is_slow() -> None:
    """Whoever asks waits no longer than the cap."""
    async with started(Caps(time_s=0.1)) as child:
        await _loaded(child, "p := count([1 | some x in numbers.range(1,100000); some y in [x]])")
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"decide", b"r", RULE, *[b"{}"] * 1000])

    assert refusal.value.fault is PolicyFault.SLOW


async def test_the_seconds_of_cpu_are_capped_by_the_kernel() -> None:
    """A child that nobody watches any more ends by itself."""
    async with started(Caps(time_s=0.2)) as child:
        before = _limits(child.pid)
        await _loaded(child, "p := 1")
        after = _limits(child.pid)

    assert "Max cpu time              unlimited" in before
    assert "Max cpu time              unlimited" not in after
    assert "Max core file size        0" in after
    assert "Max file size             0" in after


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
async def test_a_child_that_is_ended_from_outside_is_lost(sent: signal.Signals) -> None:
    """Whoever waits for its answer is not left waiting, and learns that it was no rule's fault."""
    async with started() as child:
        os.kill(child.pid, sent)
        with pytest.raises(ChildLostError, match=sent.name) as refusal:
            await child.ask([b"load", b"r"])

    assert refusal.value.fault is PolicyFault.FAILED


async def test_a_child_that_was_killed_here_is_not_lost() -> None:
    """A close, and the end of a time, are no accident."""
    async with started() as child:
        child.kill()
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"load", b"r"])

    assert not isinstance(refusal.value, ChildLostError)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param("p := count([[x, x] | some x in numbers.range(1, 10000000)])", id="memory"),
        pytest.param("f(x) := f(x + 1)\np := f(1)", id="stack"),
    ],
)
async def test_a_child_that_its_rules_ended_is_not_lost(rules: str) -> None:
    """What ends it by its caps, or its stack, is told from what ends it from outside."""
    async with started(Caps(time_s=30, memory_bytes=64 * 2**20)) as child:
        await _loaded(child, rules)
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"decide", b"r", RULE, b"{}"])

    assert refusal.value.fault is PolicyFault.FAILED
    assert not isinstance(refusal.value, ChildLostError)


async def test_a_child_that_used_its_seconds_of_cpu_is_not_lost() -> None:
    """The kernel ends it by another signal than those of others."""
    async with started() as child:
        os.kill(child.pid, signal.SIGXCPU)  # as the kernel does
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"load", b"r"])

    assert not isinstance(refusal.value, ChildLostError)


async def test_a_child_that_says_what_is_no_reply_is_not_lost() -> None:
    """It runs on: whatever it is, nobody ended it."""
    async with started() as child:
        _, writer = child._pipes()  # noqa: SLF001  # a question that nobody waits for
        writer.write(packed([b"check", b"data.a"]))
        reader, _ = child._pipes()  # noqa: SLF001
        await reader.readexactly(2)  # so that the rest is read as another length
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"decide", b"r", RULE])

    assert not isinstance(refusal.value, ChildLostError)


async def test_a_child_that_does_not_start_in_time_is_ended() -> None:
    """Nothing is left of it."""
    with pytest.raises(PolicyFaultError) as refusal:
        await ChildProcess.start(Caps(start_s=0.001))

    assert refusal.value.fault is PolicyFault.DOWN


@pytest.mark.parametrize("turns", [0, 1, 5, 500])
async def test_a_start_that_is_given_up_leaves_no_process(turns: int) -> None:
    """Who stops waiting has it ended, before it has begun and while it says nothing yet."""
    before = set(_children())
    task = asyncio.create_task(ChildProcess.start(PATIENT))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert set(_children()) <= before


def _children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [int(pid) for pid in text.split()]


async def test_a_machine_without_processes_is_down() -> None:
    """A Python that is not there can't be started, which is told as any other fault."""
    with pytest.raises(PolicyFaultError) as refusal:
        await ChildProcess.start(Caps(), python="/nowhere/python")

    assert refusal.value.fault is PolicyFault.DOWN


def test_children_serve_the_loop_of_the_server_as_well() -> None:
    """On uvloop a child answers, is killed, and once ended says so."""

    async def live() -> PolicyFault:
        child = await ChildProcess.start(PATIENT)
        await _loaded(child, "p := 1")
        assert await child.ask([b"decide", b"r", RULE, b"{}"]) == [b"answers", b"value", b"1"]
        await child.end()
        assert child.ended
        with pytest.raises(PolicyFaultError) as refusal:
            await child.ask([b"decide", b"r", RULE, b"{}"])
        return refusal.value.fault

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(live()) is PolicyFault.FAILED


def test_children_die_with_their_parent() -> None:
    """A parent that is killed, and so ends nothing, leaves no child."""
    program = (
        "import asyncio, sys\n"
        "from runtime.adapters.rego.process import Caps, ChildProcess\n"
        "async def main():\n"
        "    child = await ChildProcess.start(Caps())\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    root = str(Path(__file__).parents[5])
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _runs(pid)
        parent.kill()
        parent.wait(timeout=20)
        _wait_for_the_end(pid)


def _wait_for_the_end(pid: int) -> None:
    """Wait until a process that is not our child has ended; the test's own timeout bounds it."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], 20)[0]
    finally:
        os.close(fd)


async def test_a_start_takes_a_moment() -> None:
    """A child imports the engine and little else, so a killed one is soon replaced."""
    loop = asyncio.get_running_loop()
    starts = []
    for _ in range(5):
        began = loop.time()
        async with started():
            starts.append(loop.time() - began)

    assert min(starts) < 0.5, starts
