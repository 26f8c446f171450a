"""Serve a real Postgres on loopback, thrown away afterwards.

In a test: `with postgres_server() as server`, then `server.url(role="app")`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runtime.adapters.embedded.postgres import EmbeddedPostgres

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
ROOM_BYTES: Final = 4 * 1024**3


@contextmanager
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """Start a server that need not survive anything, yield it, and remove all of it."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-", dir=_fast_folder()) as folder,
        EmbeddedPostgres.started(Path(folder), durable=False) as server,
    ):
        yield server


def _fast_folder() -> Path | None:
    """Return where files are made in memory, if there is room; None: where others are.

    A fresh database is 900 files: 20 ms of CPU there, 300 ms on a disk.
    """
    try:
        roomy = shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    except OSError:
        return None
    return MEMORY if roomy else None
