"""Run the handlers of a plugin's actions in a process that has nothing to lose.

The engine calls a handler as it calls any other. What the handler does to its process (ends it,
loops, takes all memory) fails that action, and a new process starts at once. For the organization
whose call it was the plugin rests for some seconds: its calls fail at once, so that a whole group
of them costs the caller's loop one bound and one start, not one of each a call. Others are served.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from runtime.domain.action import Action, HandlerRefusal, OrganizationHandler
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject
from runtime.plugins.confined import bare_environment
from runtime.plugins.contract import Plugin
from runtime.plugins.isolation_child import LENGTH_BYTES, READY, SPENT, framed
from runtime.plugins.resting import RestPace, Rests

LARGEST_BYTES: Final = 64 * 2**20
START_S: Final = 10.0
PROGRAM: Final = (
    "import sys, json\n"
    "asked = json.loads(sys.stdin.buffer.readline())\n"
    "sys.path[:] = asked['path']\n"
    "from runtime.plugins.isolation_child import serve\n"
    "serve(asked)\n"
)


class IsolatedHandlerError(RuntimeError):
    """A handler failed in its process, or took its process with it; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerBounds:
    """Say what one call of a handler may take, and what it costs a plugin to take more.

    Attributes:
        wall_s: how long it may take; nothing else of this process's loop runs meanwhile. Handlers
            are pure, and usually take microseconds.
        memory_bytes: beyond what the process has before.
        rests: for whom it rests after it took more, and how long.
    """

    wall_s: float = 1.0
    memory_bytes: int = 256 * 2**20
    rests: RestPace = field(default_factory=RestPace)


def isolated_actions(
    plugin: Plugin,
    *,
    value: str,
    path: Sequence[str],
    environ: Mapping[str, str],
    bounds: HandlerBounds | None = None,
) -> Plugin:
    """Return the plugin with handlers that run in one process, which starts at the first call.

    Args:
        plugin: what is served.
        value: where it is, as `module:attribute`.
        path: where modules are found.
        environ: variables of this process, of which only harmless ones are handed on.
        bounds: what one call may take.
    """
    room = HandlerRoom(value, path=path, environ=environ, bounds=bounds or HandlerBounds())
    actions = tuple(replace(action, handler=room.handler(action)) for action in plugin.actions)
    return replace(plugin, actions=actions)


@dataclass(slots=True)
class _Held:
    """Hold a process that ends with whoever is served by it; `ready` once it said so."""

    process: subprocess.Popen[bytes] | None = None
    ready: bool = False

    def end(self) -> None:
        """End the process, if there is one."""
        process, self.process, self.ready = self.process, None, False
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        process.wait()


class HandlerRoom:
    """Keep the process of one plugin's handlers; calls take turns."""

    def __init__(
        self,
        value: str,
        *,
        path: Sequence[str],
        environ: Mapping[str, str],
        bounds: HandlerBounds,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet; `monotonic_s` says for how long the plugin rests."""
        self._value = value
        self._environ = bare_environment(environ)
        self._path = list(path)
        self._bounds = bounds
        self._turn = threading.Lock()
        self._held = _Held()
        self._rests = Rests(bounds.rests, monotonic_s=monotonic_s)
        weakref.finalize(self, self._held.end)

    def handler(self, action: Action) -> OrganizationHandler:
        """Return what stands in the place of an action's handler."""
        action_id = action.id

        def isolated(organization: str, inputs: JsonObject, state: JsonObject) -> JsonObject:
            asked = canonical_bytes({"action": action_id, "inputs": inputs, "state": state})
            return self._called(organization, asked)

        return OrganizationHandler(act=isolated)

    def close(self) -> None:
        """End the process; a later call starts another."""
        self._held.end()

    def _called(self, organization: str, asked: bytes) -> JsonObject:
        """Have the process call a handler.

        Raises:
            HandlerRefusal: the handler says no.
            IsolatedHandlerError: it failed, its process did, or the plugin rests.
        """
        with self._turn:
            answer = self._answer(organization, asked)
        if "state" in answer:
            after: JsonObject = answer["state"]
            return after
        if "refusal" in answer:
            raise HandlerRefusal(str(answer["refusal"]))
        raise IsolatedHandlerError(str(answer.get("error", "it gave no answer")))

    def _answer(self, organization: str, asked: bytes) -> JsonObject:
        if (resting := self._rests.why(organization)) is not None:
            raise IsolatedHandlerError(resting)
        process = self._running()
        began_s = time.monotonic()
        try:
            answer = _exchanged(process, asked, ends_s=began_s + self._bounds.wall_s)
        except _LostError as error:
            how = self._ended_how(str(error))
            self._rests.lost(organization, how)
            self._replace()
            raise IsolatedHandlerError(how) from None
        self._rests.took(organization, time.monotonic() - began_s)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started if it is not there, once it is ready.

        Raises:
            IsolatedHandlerError: it does not start, for whomever; the plugin rests for all.
        """
        process = self._held.process
        try:
            if process is None or (self._held.ready and process.poll() is not None):
                process = self._started()
            if not self._held.ready:
                _await_ready(process, ends_s=time.monotonic() + START_S)
                self._held.ready = True
        except _LostError as error:
            how = self._ended_how(str(error))
            self.close()
            self._rests.broken(how)
            raise IsolatedHandlerError(how) from None
        return process

    def _replace(self) -> None:
        """End the process, and have another get ready meanwhile for whoever calls next."""
        self.close()
        with suppress(_LostError):  # the next call learns of it
            self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        """Return a process that imports the plugin now.

        Raises:
            _LostError: it takes nothing.
        """
        self.close()
        process = self._held.process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environ,
            start_new_session=True,
        )
        asked: Mapping[str, object] = {
            "value": self._value,
            "path": self._path,
            "parent": os.getpid(),
            "memory_bytes": self._bounds.memory_bytes,
        }
        _written(process, orjson.dumps(asked) + b"\n", ends_s=time.monotonic() + START_S)
        return process

    def _ended_how(self, what: str) -> str:
        process = self._held.process
        if process is None:
            return what
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.05 if what else 0.2)
            if code < 0:
                return f"its process ended by {signal.Signals(-code).name}"
            return f"its process ended with exit code {code}"
        return what


class _LostError(Exception):
    """The process is gone, or says nothing in time."""


def _await_ready(process: subprocess.Popen[bytes], *, ends_s: float) -> None:
    if _received(process, ends_s=ends_s) != READY:
        raise _LostError("its process can't import the plugin")


def _exchanged(process: subprocess.Popen[bytes], asked: bytes, *, ends_s: float) -> JsonObject:
    """Ask, and return the answer; one after which the process is of no use is none."""
    _written(process, framed(asked), ends_s=ends_s)
    answer = _document(_received(process, ends_s=ends_s))
    if SPENT in answer:
        raise _LostError(str(answer[SPENT]))
    return answer


def _document(answer: bytes) -> JsonObject:
    """Read an answer; whoever writes something else into its pipe loses its process."""
    try:
        found = parse(answer)
    except ValueError:
        raise _LostError("its process gave back what is no JSON") from None
    if not isinstance(found, dict):
        raise _LostError("its process gave back what is no answer")
    return found


def _received(process: subprocess.Popen[bytes], *, ends_s: float) -> bytes:
    """Read one frame, of at most so many bytes."""
    length = int.from_bytes(_taken(process, LENGTH_BYTES, ends_s=ends_s), "big")
    if length > LARGEST_BYTES:
        raise _LostError(f"it gave back {length} bytes, expected {LARGEST_BYTES} at most")
    return _taken(process, length, ends_s=ends_s)


def _written(process: subprocess.Popen[bytes], data: bytes, *, ends_s: float) -> None:
    if process.stdin is None:
        raise _LostError("it takes nothing")
    sink = process.stdin.fileno()
    os.set_blocking(sink, False)
    left = memoryview(data)
    with selectors.DefaultSelector() as selector:
        selector.register(sink, selectors.EVENT_WRITE)
        while left:
            if not selector.select(max(0.0, ends_s - time.monotonic())):
                raise _LostError("it did not end in time")
            try:
                left = left[os.write(sink, left) :]
            except OSError as error:
                raise _LostError("it takes nothing any more") from error


def _taken(process: subprocess.Popen[bytes], size: int, *, ends_s: float) -> bytes:
    if process.stdout is None:
        raise _LostError("it says nothing")
    source, taken = process.stdout.fileno(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while len(taken) < size:
            if not selector.select(max(0.0, ends_s - time.monotonic())):
                raise _LostError("it did not end in time")
            part = os.read(source, min(65_536, size - len(taken)))
            if not part:
                raise _LostError("its process ended")
            taken += part
    return bytes(taken)
