"""Run jobs that a process died with in processes of their own, one job in each at a time.

Else whoever runs beside such a job dies with it again, and after three deaths is put aside with it.
Such a process is a worker under a name of its own, so that its death is counted against its one job
and nobody else's. It takes messages by its standard input and ends with it.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import QueueUnavailableError
from runtime.ports.job_queue import JobMessage

READY: Final = b"ready\n"
DONE: Final = b"done\n"
AGAIN: Final = b"again\n"
START_S: Final = 60.0
IDLE_S: Final = 60.0
REST_S: Final = 5.0
"""After a process that did not even start."""
GONE_S: Final = 1.0
"""How long a process that says nothing any more may take to be gone."""


class _LostError(Exception):
    """A process ended, or says what it should not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedPace:
    """Bound the processes.

    Attributes:
        at_once: how many there are.
        idle_s: how long one is kept without a job.
        start_s: how long one may take to start.
        rest_s: how long is waited after one that did not.
        grace_s: how long one may take to end.
        most_waiting: messages that wait for one, or are at one; what is beyond comes again from the
            outbox.
    """

    at_once: int = 2
    idle_s: float = IDLE_S
    start_s: float = START_S
    rest_s: float = REST_S
    grace_s: float = 10.0
    most_waiting: int = 200


class Isolated:
    """Run messages of one job each, in processes; belongs to one event loop."""

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        *,
        worker: str,
        environ: Mapping[str, str],
        tell: Callable[[str], None],
        pace: IsolatedPace | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            command: of a process, from the name that it is to have.
            worker: the name of this process, which the names of others begin with.
            environ: the variables of a process.
            tell: learns how processes ended that should not have.
            pace: the bounds.
        """
        self._command = command
        self._worker = worker
        self._environ = dict(environ)
        self._tell = tell
        self._pace = pace or IsolatedPace()
        self._slots = asyncio.Semaphore(self._pace.at_once)
        self._waiting = 0
        self._numbers = itertools.count(1)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._ending = asyncio.Event()

    async def run(self, message: JobMessage) -> None:
        """Have a message done by a process that does nothing else meanwhile.

        Should the process die, that is all: its lease ends, which is what counts.

        Raises:
            QueueUnavailableError: it was not begun; others have to be offered it.
        """
        if self._waiting >= self._pace.most_waiting:
            return
        self._waiting += 1
        try:
            async with self._slots:
                again = await self._by_child(message)
        finally:
            self._waiting -= 1
        if again:
            raise QueueUnavailableError(reason="this worker ends")

    async def close(self) -> None:
        """End all processes: what they run may end within their grace, and is others' then."""
        self._ending.set()
        async with asyncio.TaskGroup() as group:
            for child in (*self._idle, *self._busy):
                group.create_task(child.end(within_s=self._pace.grace_s))
        self._idle.clear()

    async def _by_child(self, message: JobMessage) -> bool:
        """Return whether the message is to be offered again."""
        if self._ending.is_set():
            return True
        child = await self._free_child()
        self._busy.add(child)
        try:
            again = await child.ask(message)
        except _LostError:
            await child.end(within_s=0)
            self._tell(f"a process with {', '.join(message.job_ids)} ended {child.ended_how}")
            return False
        except BaseException:  # nobody waits for its answer: the next one would get it
            await child.end(within_s=self._pace.grace_s)
            raise
        finally:
            self._busy.discard(child)
        if self._ending.is_set():
            await child.end(within_s=self._pace.grace_s)
        else:
            self._keep(child)
        return again

    async def _free_child(self) -> _Child:
        while self._idle:
            child = self._idle.pop()
            child.disturb()
            if child.alive:
                return child
        name = f"{self._worker}-{next(self._numbers)}"
        try:
            return await _Child.started(
                self._command(name), environ=self._environ, within_s=self._pace.start_s
            )
        except _LostError as error:
            self._tell(f"a process for a job alone did not start: {error}")
            await asyncio.sleep(self._pace.rest_s)
            raise QueueUnavailableError(reason="no process could be started") from error

    def _keep(self, child: _Child) -> None:
        """Keep a process for the next job, for a while."""
        self._idle.append(child)
        child.rest(self._pace.idle_s, self._dismiss, grace_s=self._pace.grace_s)

    def _dismiss(self, child: _Child) -> None:
        if child in self._idle:
            self._idle.remove(child)


class _Child:
    """Be the other end of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._resting: asyncio.Task[None] | None = None

    @classmethod
    async def started(
        cls, command: Sequence[str], *, environ: Mapping[str, str], within_s: float
    ) -> _Child:
        """Start a process, and return when it is ready.

        Raises:
            _LostError: it does not get so far.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                env=environ,
                start_new_session=True,  # Ctrl-C in a terminal is for us: we end it in order
            )
        except OSError as error:
            raise _LostError(str(error.strerror)) from error
        child = cls(process)
        try:
            async with asyncio.timeout(within_s):
                await child._await_ready()
        except TimeoutError as error:
            await child.end(within_s=0)
            raise _LostError(f"it is not ready after {within_s:g} s") from error
        except BaseException:
            await child.end(within_s=0)
            raise
        return child

    @property
    def alive(self) -> bool:
        """Say whether it is not known to have ended."""
        return self._process.returncode is None

    @property
    def ended_how(self) -> str:
        """Say how it ended."""
        code = self._process.returncode
        if code is None:
            return "somehow"
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"

    async def ask(self, message: JobMessage) -> bool:
        """Have a message done; return whether it was not begun.

        Raises:
            _LostError: the process ended before it said so.
        """
        writer = self._process.stdin
        if writer is None:
            raise _LostError("it takes nothing")
        try:
            writer.write(message.spelled().encode() + b"\n")
            await writer.drain()
        except (OSError, RuntimeError) as error:  # uvloop raises the latter on a closed pipe
            raise _LostError("it takes nothing any more") from error
        match await self._line():
            case b"done\n":
                return False
            case b"again\n":
                return True
            case _:
                raise _LostError("it says what it should not")

    def rest(self, seconds: float, dismiss: Callable[[_Child], None], *, grace_s: float) -> None:
        """End the process after a while, unless it is disturbed before."""

        async def end_later() -> None:
            await asyncio.sleep(seconds)
            dismiss(self)
            await self.end(within_s=grace_s)

        self._resting = asyncio.create_task(end_later())

    def disturb(self) -> None:
        """Let the process not end."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    async def end(self, *, within_s: float) -> None:
        """Tell the process to end; kill it if it does not in time."""
        if self._resting is not asyncio.current_task():
            self.disturb()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None and self._process.stdout.at_eof():
            within_s = max(within_s, GONE_S)  # who kills the dead does not learn how they died
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _await_ready(self) -> None:
        if await self._line() != READY:
            raise _LostError("it says something else than that it is ready")

    async def _line(self) -> bytes:
        reader = self._process.stdout
        line = b"" if reader is None else await reader.readline()
        if not line:
            raise _LostError("it ended")
        return line
