"""Start real workers, `plangate worker`, as children on loopback, and kill them.

In a test: `with worker_process(variables) as worker`, then `worker.await_line("worker.started")`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

ROOT: Final = Path(__file__).parents[2]
STARTED: Final = "worker.started"
WAIT_S: Final = 40.0
_PROGRAM: Final = (
    "import sys; from runtime.entrypoints.cli.main import main; sys.argv[0] = 'plangate'; main()"
)
_OURS: Final = ("PLANGATE_", "PYTHONPATH")


@dataclass(slots=True, kw_only=True)
class WorkerProcess:
    """Hold a child, and what it said so far."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    ended: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def text(self) -> str:
        """Return all that it said."""
        return "".join(self.said)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return its lines of the log."""
        return [orjson.loads(line) for line in tuple(self.said) if line.startswith("{")]

    def await_line(self, part: str, *, within_s: float = WAIT_S) -> str:
        """Return the first line that has a part, once there is one.

        Raises:
            AssertionError: it ended without, or takes too long.
        """
        seen = 0
        with self.changed:
            while True:
                for line in self.said[seen:]:
                    if part in line:
                        return line
                seen = len(self.said)
                if self.ended or not self.changed.wait(within_s):
                    raise AssertionError(f"it did not say {part}: {self.text}")

    def await_started(self) -> None:
        """Return once it takes jobs."""
        self.await_line(STARTED)

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.kill()
        self.process.wait(WAIT_S)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end_input(self) -> None:
        """End its standard input, as the end of its parent does."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def exit_code(self, *, within_s: float = WAIT_S) -> int:
        """Return its exit code, once it has one."""
        return self.process.wait(within_s)

    def close(self) -> None:
        """Kill it, if it runs, and read what is left."""
        self.process.kill()
        self.process.wait(WAIT_S)


def plugin_folder(
    folder: Path, *, name: str = "yard", value: str = "tests.hostile_plugin:PLUGIN"
) -> Path:
    """Install a plugin into a folder that is to be on a child's path."""
    found = folder / f"{name}-1.dist-info"
    if not found.exists():
        found.mkdir(parents=True)
        (found / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        (found / "entry_points.txt").write_text(f"[plangate.plugins]\n{name} = {value}\n")
    return folder


@contextmanager
def worker_process(
    variables: Mapping[str, str], *options: str, path: Sequence[Path] = ()
) -> Iterator[WorkerProcess]:
    """Start one; what is left of it in the end is killed.

    Args:
        variables: what it is told.
        options: of the command.
        path: where it finds plugins.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    search = os.pathsep.join(str(folder) for folder in (*path, ROOT))
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "worker", *options],
        cwd=ROOT,
        env={**kept, "PLANGATE_PLUGINS": "*", **variables, "PYTHONPATH": search},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.PIPE,
        text=True,
    )
    worker = WorkerProcess(process=process)
    reading = threading.Thread(target=_read, args=(worker,), daemon=True)
    reading.start()
    try:
        yield worker
    finally:
        worker.end_input()
        worker.close()
        reading.join(WAIT_S)
        if process.stdout is not None:
            process.stdout.close()


def _read(worker: WorkerProcess) -> None:
    for line in worker.process.stdout or ():
        with worker.changed:
            worker.said.append(line)
            worker.changed.notify_all()
    with worker.changed:
        worker.ended = True
        worker.changed.notify_all()
