"""Serve one bundle over loopback, in a thread, as a control plane does: by ETag, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override


@dataclass(kw_only=True)
class BundleService:
    """Hold a service.

    Attributes:
        url: where it listens.
        content: what it serves now; None: an error.
        fetched: how often something was answered with content.
        unchanged: how often the fetcher had it already.
    """

    url: str = ""
    content: bytes | None = None
    fetched: int = 0
    unchanged: int = 0

    def answer(self, known: str | None) -> tuple[int, str, bytes]:
        """Return status, ETag and body for a fetcher that knows an ETag."""
        if self.content is None:
            return 503, "", b""
        etag = f'"{hashlib.sha256(self.content).hexdigest()}"'
        if known == etag:
            self.unchanged += 1
            return 304, etag, b""
        self.fetched += 1
        return 200, etag, self.content


@contextmanager
def bundle_service(content: bytes | None) -> Iterator[BundleService]:
    """Serve while the block runs; a test changes `content`."""
    service = BundleService(content=content)

    class Handler(BaseHTTPRequestHandler):
        """Answer for the service."""

        def do_GET(self) -> None:
            """Answer any path."""
            status, etag, body = service.answer(self.headers.get("If-None-Match"))
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Content-Type", "application/gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
