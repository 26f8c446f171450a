"""Start the platform as production does, `uvicorn runtime.app:app`, in a child on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_RUNNING: Final = re.compile(r"running on (http://127\.0\.0\.1:(\d+))")
_OURS: Final = ("PLANGATE_", "OPENAI_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Hold a running platform: where it listens, and its process."""

    url: str
    port: int
    child: subprocess.Popen[str]


@contextmanager
def platform(*, model: str = "", token: str = "", port: int = 0) -> Iterator[Platform]:
    """Serve while the block runs.

    Args:
        model: what the platform asks.
        token: what its door takes; empty opens to this machine.
        port: where to listen; 0 takes a free one.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    told = {"PLANGATE_MODEL": model, "PLANGATE_EVAL_TOKEN": token}
    options = ("--host", "127.0.0.1", "--port", str(port), "--no-access-log")
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "runtime.app:app", *options],
        cwd=ROOT,
        env={**kept, **told},
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            yield _running(child)
        finally:
            child.kill()


def _running(child: subprocess.Popen[str]) -> Platform:
    said: list[str] = []
    for line in child.stderr or ():
        said.append(line)
        if found := _RUNNING.search(line):
            return Platform(url=found[1], port=int(found[2]), child=child)
    raise AssertionError("the platform did not start:\n" + "".join(said))
