"""Have plugins imported by another process first, and learn what they declare or why they can't.

Whatever a plugin does there, whoever asks goes on within a bound, and gets a reason for each.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from runtime.kit.json_value import JsonObject
from runtime.plugins.confined import bare_environment
from runtime.plugins.declarations import OwnId
from runtime.plugins.probe_child import Bounds

PROGRAM: Final = (
    "import sys, json\n"
    "asked = json.loads(sys.stdin.buffer.readline())\n"
    "sys.path[:] = asked['path']\n"
    "from runtime.plugins.probe_child import serve\n"
    "serve(asked)\n"
)
START_S: Final = 10.0
"""How long the process may take beyond what plugins may, on a busy machine."""
MOST_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """Say what came of one import.

    Attributes:
        reason: why the plugin can't be served; None: it can.
        warnings: what administrators should know.
        digest: of its declarations.
        ids: what it claims for itself.
        declared: its declarations.
        conformance: how its handlers break what it declares, where they were called.
    """

    reason: str | None
    warnings: tuple[str, ...] = ()
    digest: str = ""
    ids: tuple[OwnId, ...] = ()
    declared: JsonObject | None = None
    conformance: tuple[str, ...] = ()


def probe(
    plugins: Sequence[tuple[str, str]],
    *,
    environ: Mapping[str, str],
    path: Sequence[str] | None = None,
    bounds: Bounds | None = None,
    conform: bool = False,
) -> dict[str, ProbeReport]:
    """Return a report for every plugin.

    Args:
        plugins: keys of ours, each with `module:attribute`; a key stands once.
        environ: variables of this process, of which only harmless ones are handed on.
        path: where modules are found; this process's own path unless given.
        bounds: what one may take.
        conform: call the handlers as well.
    """
    if not plugins:
        return {}
    bounds = bounds or Bounds()
    found = _asked(
        {
            "path": list(sys.path if path is None else path),
            "plugins": [list(item) for item in plugins],
            "bounds": asdict(bounds),
            "conform": conform,
            "parent": os.getpid(),
        },
        environ=bare_environment(environ),
        within_s=START_S + bounds.wall_s * (1 + len(plugins) // bounds.at_once),
    )
    silent = ProbeReport(reason="nothing was heard of its probe")
    return {name: found.get(name, silent) for name, _ in plugins}


def _asked(
    request: JsonObject, *, environ: Mapping[str, str], within_s: float
) -> dict[str, ProbeReport]:
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environ),
        start_new_session=True,
    )
    try:
        if process.stdin is None or process.stdout is None:
            return {}
        with suppress(BrokenPipeError):
            process.stdin.write(orjson.dumps(request) + b"\n")
            process.stdin.flush()
        lines = _lines(process.stdout.fileno(), ends_s=time.monotonic() + within_s)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        process.wait()
    return dict(map(_report, lines))


def _lines(source: int, *, ends_s: float) -> list[JsonObject]:
    """Read until the process has said everything, or its time is over."""
    said = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while (left_s := ends_s - time.monotonic()) > 0 and len(said) < MOST_BYTES:
            if not selector.select(left_s):
                break
            part = os.read(source, 65_536)
            if not part:
                break
            said += part
    whole = said.split(b"\n")[:-1]
    return [orjson.loads(line) for line in whole]


def _report(line: JsonObject) -> tuple[str, ProbeReport]:
    return line["name"], ProbeReport(
        reason=line["reason"],
        warnings=tuple(line["warnings"]),
        digest=line["digest"],
        ids=tuple(OwnId(kind=kind, id=name) for kind, name in line["ids"]),
        declared=line["declared"],
        conformance=tuple(line["conformance"]),
    )
