"""Answer requests over loopback as a test scripts it, and remember them: an API for its clients.

In a test: `with scripted_api([Scripted(...), HANG_UP]) as api`. What is asked beyond the script is
hung up on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final

import orjson
from typing_extensions import override

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
_WAIT_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """Hold one answer.

    Attributes:
        promised: the length that is announced, if it is not that of the body.
    """

    status: int = 200
    body: bytes = b"{}"
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None


HANG_UP: Final = Scripted(status=0)
"""Close the connection without a word."""
SILENCE: Final = Scripted(status=-1)
"""Say nothing until the test is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold one request; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever was sent
        """Return the body's document."""
        return orjson.loads(self.body)


@dataclass(kw_only=True)
class ScriptedApi:
    """Hold a running server: its address, what it was asked, what it has left to say."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: list[Scripted] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def await_asked(self, count: int) -> None:
        """Return when so many requests have arrived."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.asked) >= count, _WAIT_S):
                raise AssertionError(f"{len(self.asked)} requests arrived, not {count}")


def answer(document: object, *, status: int = 200) -> Scripted:
    """Return an answer with a document."""
    return Scripted(status=status, body=orjson.dumps(document))


def problem(
    status: int, code: str, detail: str = "it is so", headers: Mapping[str, str] | None = None
) -> Scripted:
    """Return an answer with problem details."""
    body = orjson.dumps({"status": status, "code": code, "detail": detail})
    return Scripted(status=status, body=body, kind=PROBLEM, headers=headers or {})


@contextmanager
def scripted_api(script: Sequence[Scripted] = ()) -> Iterator[ScriptedApi]:
    """Serve while the block runs."""
    api = ScriptedApi(script=list(script))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        @override
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            understood = bool(self.raw_requestline) and self.parse_request()
            self.close_connection = True  # one request a connection
            if not understood:
                return
            length = int(self.headers.get("Content-Length", "0"))
            asked = Asked(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            with api.arrived:
                api.asked.append(asked)
                api.arrived.notify_all()
            self._reply(api.script.pop(0) if api.script else HANG_UP)

        def _reply(self, scripted: Scripted) -> None:
            if scripted is SILENCE:
                api.over.wait(_WAIT_S)
            if scripted in (SILENCE, HANG_UP):
                return
            self.send_response(scripted.status)
            self.send_header("Content-Type", scripted.kind)
            promised = len(scripted.body) if scripted.promised is None else scripted.promised
            self.send_header("Content-Length", str(promised))
            for name, value in scripted.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(scripted.body)

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.over.set()
            server.shutdown()
            thread.join(_WAIT_S)
