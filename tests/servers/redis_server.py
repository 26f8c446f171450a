"""Serve a real Redis on loopback, nothing of it kept.

In a test: `with redis_server() as url`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.adapters.embedded.redis import EmbeddedRedis


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a server, yield its address with the password in it, and end it."""
    with (
        tempfile.TemporaryDirectory(prefix="plangate-") as folder,
        EmbeddedRedis.started(Path(folder), durable=False) as server,
    ):
        yield server.url()
