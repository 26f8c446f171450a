"""Start, ask and end one child process; how many there are is the pool's."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.adapters.rego.frames import (
    LENGTH_BYTES,
    FrameError,
    length_of,
    packed,
    unpacked,
)
from runtime.ports.policy import PolicyFault, PolicyFaultError

_ROOT: Final = str(Path(__file__).resolve().parents[3])
_PROGRAM: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from runtime.adapters.rego.child import main; main(sys.argv[1:])"
)
# The engine's allocator reserves 1 GiB of addresses at its start otherwise, which no cap could see.
_ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC", "MIMALLOC_ARENA_RESERVE": "16384"}
# Rules end their child by SIGABRT (memory), SIGXCPU, SIGSEGV (stack) or an exit code; they can send
# no signal. What is left is somebody else, or the kernel when the whole machine is out of memory.
_FROM_OUTSIDE: Final = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP})
_WOKEN_S: Final = 0.05
"""How much longer an answer is looked for: a process that was stopped for a while finds the answer
and the end of its time at once."""
_REAPED_S: Final = 1.0


class ChildLostError(PolicyFaultError):
    """Report a child that somebody ended from outside: no cap of its own did."""

    def __init__(self, status: int) -> None:
        super().__init__(
            PolicyFault.FAILED,
            f"the process that evaluates was ended from outside ({signal.Signals(-status).name})",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Say what one child may take.

    Attributes:
        time_s: how long one request may take; then the child is killed.
        memory_bytes: how much it may allocate; then it ends itself.
        start_s: how long it may take to start.
    """

    time_s: float = 1.0
    memory_bytes: int = 256 * 2**20
    start_s: float = 10.0


class ChildProcess:
    """Ask one child, one request at a time."""

    def __init__(self, process: Process, *, caps: Caps) -> None:
        self._process = process
        self._caps = caps
        self._killed = False
        self.known: set[str] = set()
        """The revisions that it was given; it may have dropped some since."""

    @classmethod
    async def start(cls, caps: Caps, *, python: str = sys.executable) -> ChildProcess:
        """Start a child with the interpreter that runs us, or another.

        Raises:
            PolicyFaultError: it can't be started.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                python,
                "-I",
                "-c",
                _PROGRAM,
                _ROOT,
                str(os.getpid()),
                str(caps.memory_bytes),
                str(caps.time_s),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=_ENVIRONMENT,
            )
        except OSError as error:
            raise PolicyFaultError(
                PolicyFault.DOWN, f"no process could be started ({error.strerror})"
            ) from None
        child = cls(process, caps=caps)
        try:
            await child._answer_within(caps.start_s)
        except PolicyFaultError as error:
            await child.end()
            raise PolicyFaultError(
                PolicyFault.DOWN, f"a process that was started says nothing: {error.detail}"
            ) from None
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Say whether the process is known to be over, so that it can't be asked."""
        _, writer = self._pipes()
        return self._process.returncode is not None or writer.is_closing()

    async def ask(self, parts: Sequence[bytes]) -> list[bytes]:
        """Send a message and return the parts of the reply.

        After an exception, and after a cancellation, the child must be ended: what it says next
        would answer this question.

        Raises:
            ChildLostError: the process ended, and not by anything that rules can do.
            PolicyFaultError: there is no reply in time, or the process ended.
        """
        _, writer = self._pipes()
        try:
            writer.write(packed(parts))
        except (OSError, RuntimeError):  # uvloop raises the latter on a pipe that is closed
            raise await self._ended(
                "the process that evaluates ended before it was asked"
            ) from None
        return await self._answer_within(self._caps.time_s)

    def kill(self) -> None:
        """Kill the process; whoever waits for its answer learns that it ended."""
        self._killed = True
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Kill the process, if it still runs, and reap it."""
        self.kill()
        reader, writer = self._pipes()
        writer.close()
        while await reader.read(LENGTH_BYTES * 2**14):
            pass  # what it had said: the pipe closes when it is read to its end
        await self._process.wait()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer_within(self, seconds: float) -> list[bytes]:
        reading = asyncio.create_task(self._read(), name="answer of rules")
        try:
            for left_s in (seconds, min(seconds, _WOKEN_S)):
                await asyncio.wait([reading], timeout=left_s)
                if reading.done():
                    return reading.result()
            raise PolicyFaultError(PolicyFault.SLOW, f"no answer within {seconds:g} s")
        except (OSError, EOFError, FrameError) as error:
            said = f"the process that evaluates ended ({type(error).__name__})"
            raise await self._ended(said) from None
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.wait([reading])

    async def _read(self) -> list[bytes]:
        reader, writer = self._pipes()
        await writer.drain()
        head = await reader.readexactly(LENGTH_BYTES)
        return unpacked(await reader.readexactly(length_of(head)))

    async def _ended(self, said: str) -> PolicyFaultError:
        """Return the fault of a process whose pipe is closed, by what ended it."""
        status = None
        with suppress(TimeoutError):  # it says what is no reply, and goes on
            async with asyncio.timeout(_REAPED_S):
                status = await self._process.wait()
        if status in _FROM_OUTSIDE and not self._killed:
            return ChildLostError(status)
        return PolicyFaultError(PolicyFault.FAILED, said)

    def _pipes(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = self._process.stdout, self._process.stdin
        if reader is None or writer is None:  # pragma: no cover  # both were asked for
            raise RuntimeError("a child without pipes")
        return reader, writer
