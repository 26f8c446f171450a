"""Import plugins in processes of their own, one each, and tell what they declare.

`runtime.plugins.probe` starts this. It imports what all plugins share once, and forks for each of
them: whatever one does ends with its own process, and costs the others nothing.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.domain.errors import DeclarationError
from runtime.kit.json_value import JsonObject
from runtime.plugins.confined import ConfinedError, Deeds, cap, die_with_parent, silence, watch
from runtime.plugins.contract import CONTRACT_VERSION, Plugin
from runtime.plugins.declarations import declarations_digest, declared, own_ids
from runtime.plugins.lint import lint
from runtime.plugins.testing.conformance import check

MOST_REPORT_BYTES: Final = 4_000_000
MOST_REASON: Final = 400
REPORT: Final = 3
"""Where a process tells of its plugin: the only file that it has beside the null device."""
MOST_FILES: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Say what one plugin may take.

    Attributes:
        wall_s: how long its import may take, waiting included.
        cpu_s: how much of the processor's time.
        memory_bytes: beyond what the process has before.
        at_once: how many are imported at a time.
    """

    wall_s: float = 2.5
    cpu_s: int = 2
    memory_bytes: int = 512 * 2**20
    at_once: int = 8


class _Report(BaseModel):
    """What a process may say of its plugin; the plugin may have written it itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str | None
    warnings: list[str] = []
    digest: str = ""
    ids: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = []
    declared: JsonObject = {}
    conformance: list[str] = []


@dataclass(slots=True)
class _Child:
    name: str
    pid: int
    ends_s: float
    said: bytearray = field(default_factory=bytearray)


def serve(request: Mapping[str, Any]) -> None:
    """Import everything that is asked for, and write one line of JSON for each to the output.

    Args:
        request: `plugins`, a list of pairs of a name and `module:attribute`; `bounds`; `parent`,
            the process that asks; `conform`, whether handlers are called as well.
    """
    die_with_parent(request["parent"])
    bounds = Bounds(**request["bounds"])
    answers = os.dup(1)
    silence()
    waiting = [(str(name), str(value)) for name, value in reversed(request["plugins"])]
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        while waiting or running:
            while waiting and len(running) < bounds.at_once:
                name, value = waiting.pop()
                reading, child = _started(
                    name, value, bounds=bounds, conform=bool(request["conform"])
                )
                running[reading] = child
                selector.register(reading, selectors.EVENT_READ)
            soonest_s = min(child.ends_s for child in running.values())
            ready = selector.select(max(0.0, soonest_s - time.monotonic()))
            ended = {int(key.fd): "" for key, _ in ready if _read(int(key.fd), running)}
            for reading, child in running.items():
                if reading not in ended and child.ends_s <= time.monotonic():
                    ended[reading] = f"its import did not end within {bounds.wall_s:g} s"
            for reading, reason in ended.items():
                selector.unregister(reading)
                os.close(reading)
                _write(answers, _concluded(running.pop(reading), reason))


def _read(reading: int, running: dict[int, _Child]) -> bool:
    """Take what a process says; return whether it has said everything, or too much."""
    part = os.read(reading, 65_536)
    child = running[reading]
    child.said += part
    return not part or len(child.said) > MOST_REPORT_BYTES


def _started(name: str, value: str, *, bounds: Bounds, conform: bool) -> tuple[int, _Child]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover  # another process
        os.close(reading)
        _import_and_tell(value, writing, bounds=bounds, conform=conform)
    os.close(writing)
    return reading, _Child(name, pid, time.monotonic() + bounds.wall_s)


def _import_and_tell(  # pragma: no cover  # another process
    value: str, writing: int, *, bounds: Bounds, conform: bool
) -> None:
    parent = os.getppid()
    os.setsid()
    os.dup2(writing, REPORT)  # what the others say, and to whom, is none of its business
    os.closerange(REPORT + 1, MOST_FILES)
    die_with_parent(parent)
    cap(memory_bytes=bounds.memory_bytes, cpu_s=bounds.cpu_s)
    deeds = Deeds()
    watch(deeds)
    report = report_of(value, deeds, conform=conform)
    with suppress(OSError):
        _write(REPORT, report)
    os._exit(0)


def report_of(value: str, deeds: Deeds, *, conform: bool = False) -> JsonObject:
    """Import one plugin and return what is to be told of it: a reason, or its declarations."""
    try:
        plugin = EntryPoint(name="plugin", value=value, group="").load()
        report = _judged(plugin, value, conform=conform)
    except SystemExit as error:
        return _refused(f"it called sys.exit({str(error.code)[:40]}) while it was imported")
    except ConfinedError as error:
        return _refused(f"it {error} while it was imported")
    except MemoryError:
        return _refused("it took more memory than a plugin may while it was imported")
    except DeclarationError as error:
        return _refused("; ".join(error.problems))
    except BaseException as error:  # noqa: BLE001  # foreign code, imported for the first time
        return _refused(f"{value} can't be imported: {type(error).__name__}: {_spoken(error)}")
    if deeds.noted:
        return _refused(f"it {deeds.noted[0]} while it was imported")
    return report


def check_contract(found: object, value: str) -> Plugin:
    """Return what an entry point holds, if it is a plugin of this contract.

    Raises:
        DeclarationError: it is something else.
    """
    if not isinstance(found, Plugin):
        problem = f"{value} is a {type(found).__name__}, expected runtime.plugins.contract.Plugin"
        raise DeclarationError(subject="plugin", problems=(problem,))
    if found.contract != CONTRACT_VERSION:
        problem = f"it was written for contract {found.contract}; this is {CONTRACT_VERSION}"
        raise DeclarationError(subject="plugin", problems=(problem,))
    return found


def _judged(found: object, value: str, *, conform: bool) -> JsonObject:
    plugin = check_contract(found, value)
    said = lint(plugin)
    if said.problems:
        return _refused("; ".join(said.problems), warnings=said.warnings)
    return {
        "reason": None,
        "warnings": list(said.warnings),
        "digest": declarations_digest(plugin),
        "ids": [[item.kind, item.id] for item in own_ids(plugin)],
        "declared": declared(plugin),
        "conformance": list(check(plugin)) if conform else [],
    }


def _refused(reason: str, *, warnings: tuple[str, ...] = ()) -> JsonObject:
    return {"reason": reason[:MOST_REASON], "warnings": list(warnings)}


def _spoken(error: BaseException) -> str:
    try:
        return str(error)[:200]
    except Exception:  # noqa: BLE001  # foreign code
        return "(it can't say)"


def _concluded(child: _Child, reason: str) -> JsonObject:
    """End a process and all that it started; return its report, or why there is none."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    report = None if reason else _parsed(bytes(child.said))
    if report is None:
        report = _Report(reason=reason or _ended_how(status)).model_dump()
    return {**report, "name": child.name}


def _parsed(said: bytes) -> JsonObject | None:
    try:
        return _Report.model_validate_json(said).model_dump()
    except ValidationError:
        return None


def _ended_how(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"it ended its process with exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "it took more of the processor's time than a plugin may while it was imported"
    return f"its process ended by {signal.Signals(number).name} while it was imported"


def _write(sink: int, document: JsonObject) -> None:
    left = memoryview(orjson.dumps(document) + b"\n")
    while left:
        left = left[os.write(sink, left) :]
