"""Serve a real Postgres on loopback, thrown away afterwards.

In a test: `with postgres_server() as server`, then `server.url(role="app")`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.adapters.embedded.postgres import EmbeddedPostgres


@contextmanager
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """Start a server that need not survive anything, yield it, and remove all of it."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-") as folder,
        EmbeddedPostgres.started(Path(folder), durable=False) as server,
    ):
        yield server
