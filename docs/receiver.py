"""Receive what effects and webhooks send: print it, answer 204. `python3 docs/receiver.py 9000`.

What came before is told by its `Idempotency-Key` (effects) or `webhook-id` (events), as a real
receiver has to.
"""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Take what is posted."""

    seen: set[str] = set()  # noqa: RUF012  # of the one receiver of this process

    def do_POST(self) -> None:  # the library's name
        """Print a request and answer it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        key = self.headers.get("Idempotency-Key") or self.headers.get("webhook-id", "")
        again = " (again)" if key in self.seen else ""
        self.seen.add(key)
        sys.stdout.write(f"{self.path} {key}{again}\n{body}\n")
        sys.stdout.flush()
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # type: ignore[explicit-override]  # noqa: A002  # runs by any Python
        """Say nothing more."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    with HTTPServer(("127.0.0.1", port), Receiver) as server:
        sys.stdout.write(f"receiving at http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)
