"""Be the process in which rules run: one question at a time, until the other end is closed.

The parent starts it, caps what it may take, and kills it when it does not answer in time: what
rules do here, by their nature or by intent, is done to this process alone. It keeps the engines of
some revisions, each with its modules read. Called with the parent's process id, the bytes that it
may allocate, and the seconds of CPU that one request may take.
"""

from __future__ import annotations

import ctypes
import math
import os
import re
import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from regorus import Engine

from runtime.adapters.rego.checking import checked
from runtime.adapters.rego.frames import (
    ANSWER_BYTES,
    LENGTH_BYTES,
    Reply,
    Request,
    length_of,
    packed,
    pairs,
    unpacked,
)
from runtime.adapters.rego.rules import RuleReader

KEPT: Final = 64
"""How many revisions a child keeps ready."""
UNDEFINED: Final = '"<undefined>"'
_WHERE: Final = re.compile(r"--> (\S{1,200}:\d+:\d+)")
_PR_SET_PDEATHSIG: Final = 1


class Answerer:
    """Answer requests; keeps the engines of the revisions that were asked last."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._engines: OrderedDict[bytes, Engine] = OrderedDict()
        self._reader = RuleReader()

    def reply(self, parts: Sequence[bytes]) -> list[bytes]:
        """Do what a message asks for and return the parts of the reply."""
        request, *rest = parts
        match Request(request.decode()):
            case Request.LOAD:
                return self._load(rest[0], rest[1:])
            case Request.DECIDE:
                return self._decide(rest[0], rule=rest[1].decode(), inputs=rest[2:])
            case Request.CHECK:
                return [_spelled(Reply.DONE), self._check(rest[0].decode(), rest[1:])]

    def _check(self, rule: str, modules: Sequence[bytes]) -> bytes:
        return checked(rule, pairs(modules), reader=self._reader)

    def _load(self, revision: bytes, modules: Sequence[bytes]) -> list[bytes]:
        engine = Engine()
        try:
            for path, text in pairs(modules):
                engine.add_policy(path, text)
        except RuntimeError as error:
            return [_spelled(Reply.FAILED), _where(error)]
        self._engines[revision] = engine
        while len(self._engines) > self._kept:
            self._engines.popitem(last=False)
        return [_spelled(Reply.DONE)]

    def _decide(self, revision: bytes, *, rule: str, inputs: Sequence[bytes]) -> list[bytes]:
        engine = self._engines.get(revision)
        if engine is None:
            return [_spelled(Reply.UNKNOWN)]
        self._engines.move_to_end(revision)
        reply = [_spelled(Reply.ANSWERS)]
        for one in inputs:
            reply += _answer(engine, rule=rule, text=one.decode())
        return reply


def _answer(engine: Engine, *, rule: str, text: str) -> tuple[bytes, bytes]:
    try:
        engine.set_input_json(text)
        answer = engine.eval_rule_as_json(rule)
    except RuntimeError as error:
        return _spelled(Reply.FAILED), _where(error)
    if answer == UNDEFINED:
        return _spelled(Reply.UNDEFINED), b""
    spelled = answer.encode()
    if len(spelled) > ANSWER_BYTES:
        return _spelled(Reply.TOO_LONG), str(len(spelled)).encode()
    return _spelled(Reply.VALUE), spelled


def _where(error: RuntimeError) -> bytes:
    """Return the place of a failure and nothing else: its text may quote what the input held."""
    found = _WHERE.search(str(error))
    return found.group(1).encode() if found else b"no place is known"


def _spelled(reply: Reply) -> bytes:
    return reply.value.encode()


def serve(source: BinaryIO, sink: BinaryIO, *, cpu_s: float) -> None:
    """Answer what is read until it ends."""
    answerer = Answerer()
    sink.write(packed([_spelled(Reply.DONE)]))  # it has started
    sink.flush()
    while len(head := source.read(LENGTH_BYTES)) == LENGTH_BYTES:
        cap_cpu(cpu_s)
        sink.write(packed(answerer.reply(unpacked(source.read(length_of(head))))))
        sink.flush()


def cap_cpu(seconds: float) -> None:
    """Let the kernel end this process once it has used so many seconds more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def confine(parent: int, memory_bytes: int) -> None:  # pragma: no cover  # it runs in a child
    """Cap what this process may take, and tie its life to its parent's where Linux lets it."""
    with suppress(AttributeError, OSError):  # elsewhere the closed pipe ends it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended before the child began")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError):  # not where memory is not counted so
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = held * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(arguments: Sequence[str]) -> None:  # pragma: no cover  # it runs in a child
    """Do what the module says."""
    parent, memory_bytes, cpu_s = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    confine(int(parent), int(memory_bytes))
    serve(sys.stdin.buffer, sys.stdout.buffer, cpu_s=float(cpu_s))


if __name__ == "__main__":  # pragma: no cover  # it runs in a child
    main(sys.argv[1:])
