"""Run the handlers of a plugin's actions in a process that has nothing to lose.

The engine calls a handler as it calls any other. What the handler does to its process (ends it,
loops, takes all memory) fails that action. The plugin rests then for some seconds: its calls fail
at once, so that a whole group of them costs the caller's loop one bound and one start, not one of
each a call. The first call after that gets a new process.
"""

from __future__ import annotations

import math
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
from dataclasses import dataclass, replace
from typing import Final

import orjson

from runtime.domain.action import Action, Handler, HandlerRefusal
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject
from runtime.plugins.confined import bare_environment
from runtime.plugins.contract import Plugin
from runtime.plugins.isolation_child import LENGTH_BYTES, READY, framed

LARGEST_BYTES: Final = 64 * 2**20
START_S: Final = 10.0
COMES_BACK: Final = 0.25
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
        rest_s: how long calls fail at once after the process was lost; twice as long after each
            further loss that comes before `calm_s` have passed since the last rest.
        longest_rest_s: the longest rest.
        calm_s: how long after a rest the next loss counts as the first again.
        slow_s: a call that takes longer counts against the allowance.
        allowance_s: how long slow calls may take together before the plugin rests as after a loss;
            it comes back by a quarter of the time that passes.
    """

    wall_s: float = 1.0
    memory_bytes: int = 256 * 2**20
    rest_s: float = 5.0
    longest_rest_s: float = 60.0
    calm_s: float = 120.0
    slow_s: float = 0.05
    allowance_s: float = 2.0


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
    """Hold a process that ends with whoever is served by it."""

    process: subprocess.Popen[bytes] | None = None

    def end(self) -> None:
        """End the process, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        process.wait()


@dataclass(slots=True)
class _Rest:
    """Say until when a plugin rests, in seconds of a clock, and what its slow calls took.

    Who never lost its process rested until long ago.
    """

    bounds: HandlerBounds
    why: str = ""
    lasts_s: float = 0.0
    ends_s: float = -math.inf
    slow_s: float = 0.0
    counted_s: float = 0.0

    def begin(self, why: str, *, now_s: float) -> None:
        """Rest from now on, longer than the last time if that was not long ago."""
        often = now_s < self.ends_s + self.bounds.calm_s
        wished_s = self.lasts_s * 2 if often else self.bounds.rest_s
        self.lasts_s = min(wished_s, self.bounds.longest_rest_s)
        self.why, self.ends_s, self.slow_s = why, now_s + self.lasts_s, 0.0

    def took(self, took_s: float, *, now_s: float) -> None:
        """Count a call that was answered; rest if slow ones took too much together."""
        if took_s <= self.bounds.slow_s:
            return
        back_s = (now_s - self.counted_s) * COMES_BACK
        self.slow_s, self.counted_s = max(0.0, self.slow_s - back_s) + took_s, now_s
        if self.slow_s > self.bounds.allowance_s:
            self.begin("its handlers took too long together", now_s=now_s)


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
        """Start nothing yet; `monotonic_s` says for how long the plugin still rests."""
        self._value = value
        self._environ = bare_environment(environ)
        self._path = list(path)
        self._bounds = bounds
        self._turn = threading.Lock()
        self._held = _Held()
        self._rest = _Rest(bounds)
        self._monotonic_s = monotonic_s
        weakref.finalize(self, self._held.end)

    def handler(self, action: Action) -> Handler:
        """Return what stands in the place of an action's handler."""
        action_id = action.id

        def isolated(inputs: JsonObject, state: JsonObject) -> JsonObject:
            return self._called(action_id, inputs, state)

        return isolated

    def close(self) -> None:
        """End the process; a later call starts another."""
        self._held.end()

    def _called(self, action_id: str, inputs: JsonObject, state: JsonObject) -> JsonObject:
        """Have the process call a handler.

        Raises:
            HandlerRefusal: the handler says no.
            IsolatedHandlerError: it failed, its process did, or the plugin rests.
        """
        asked = canonical_bytes({"action": action_id, "inputs": inputs, "state": state})
        with self._turn:
            answer = self._answer(asked)
        if "state" in answer:
            after: JsonObject = answer["state"]
            return after
        if "refusal" in answer:
            raise HandlerRefusal(str(answer["refusal"]))
        raise IsolatedHandlerError(str(answer.get("error", "it gave no answer")))

    def _answer(self, asked: bytes) -> JsonObject:
        left_s = self._rest.ends_s - self._monotonic_s()
        if left_s > 0:
            raise IsolatedHandlerError(
                f"{self._rest.why}; the plugin rests for {left_s:.0f} more seconds"
            )
        try:
            process = self._running()
            began_s = time.monotonic()
            ends_s = began_s + self._bounds.wall_s
            _written(process, framed(asked), ends_s=ends_s)
            answer = _document(_received(process, ends_s=ends_s))
            self._rest.took(time.monotonic() - began_s, now_s=self._monotonic_s())
        except _LostError as error:
            how = self._ended_how(str(error))
            self.close()
            self._rest.begin(how, now_s=self._monotonic_s())
            raise IsolatedHandlerError(how) from None
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started if it is not there.

        Raises:
            _LostError: it does not start.
        """
        if self._held.process is not None and self._held.process.poll() is None:
            return self._held.process
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
        ends_s = time.monotonic() + START_S
        _written(process, orjson.dumps(asked) + b"\n", ends_s=ends_s)
        if _received(process, ends_s=ends_s) != READY:
            raise _LostError("its process can't import the plugin")
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
