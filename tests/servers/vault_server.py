"""Speak as much of Vault's documented protocol as a reader of secrets meets, on loopback.

Logins with tokens that end, renewals up to a longest life, KV versions 1 and 2, credentials made on
demand with leases that die with the token that made them, and the ways in which Vault refuses. Time
is a clock's that the test moves. In a test: `with vault_server() as vault`.

Source: https://developer.hashicorp.com/vault/api-docs; `tests/contract/secret_providers` runs the
same suite against a real one where there is one.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
from typing_extensions import override

from runtime.kit.clock import FixedClock

ROLE: Final = "plangate"
SECRET_ID: Final = "secret-id-1"  # noqa: S105  # of a test's role
JWT: Final = "header.payload.signature"
_WAIT_S: Final = 20.0
_PERMISSION: Final = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
Answer = tuple[int, dict[str, Any]]


@dataclass(kw_only=True)
class Token:
    """Hold a token: when it ends, and when it ends at the latest."""

    ends_s: float
    longest_s: float
    renewable: bool = True


@dataclass(kw_only=True)
class Made:
    """Hold a credential that was made: by which token, and how long it is good."""

    token: str
    ends_s: float
    longest_s: float


@dataclass(kw_only=True)
class VaultServer:
    """Hold a running server, what it keeps, and how it is to fail.

    Attributes:
        kv: versions by `MOUNT/PATH` of KV version 2, the first is version 1; None: deleted.
        kv1: documents by path.
        makes: whether there is a role `database/creds/app`.
        denied: paths that no policy allows.
        namespace: which a request has to name.
        token_s: how long a login lasts, `token_most_s` at the most.
        lease_s: how long a credential lasts, `lease_most_s` at the most.
        fault: answers everything instead; a status and headers.
        refused: a status and headers by path, before anything else is looked at.
        silent: hold each answer until the test is over.
        trickles: paths whose answer is sent byte by byte, without an end.
        body: sent as it is with HTTP 200, in the place of secrets.
        asked: method and path of each request.
        logins: how many logins there were.
    """

    url: str = ""
    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    kv: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    kv1: dict[str, dict[str, Any]] = field(default_factory=dict)
    makes: bool = True
    denied: set[str] = field(default_factory=set)
    namespace: str = ""
    token_s: float = 3_600.0
    token_most_s: float = 86_400.0
    lease_s: float = 600.0
    lease_most_s: float = 1_500.0
    fault: tuple[int, Mapping[str, str]] | None = None
    refused: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    silent: bool = False
    trickles: set[str] = field(default_factory=set)
    body: bytes | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    logins: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def write(self, path: str, document: dict[str, Any]) -> None:
        """Write a new version of KV version 2."""
        with self.turn:
            self.kv.setdefault(path, []).append(document)

    def revoke_all(self) -> None:
        """Revoke each token, and with it what it made."""
        with self.turn:
            self.tokens.clear()
            self.made.clear()

    def begin_token(self, *, renewable: bool = True) -> str:
        """Return a new token."""
        now = self.clock.monotonic_s()
        token = f"hvs.{len(self.asked):04}{self.logins:04}"
        self.tokens[token] = Token(
            ends_s=now + self.token_s, longest_s=now + self.token_most_s, renewable=renewable
        )
        return token

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what Vault says to a request."""
        parts = urlsplit(target)
        path = unquote(parts.path).removeprefix("/v1/")
        with self.turn:
            self.asked.append((method, path))
            if headers.get("x-vault-namespace", "") != self.namespace:
                return 403, _PERMISSION
            if path == "sys/health":
                return 200, {"initialized": True, "sealed": False, "standby": False}
            sent = orjson.loads(body) if body else {}
            if path.startswith("auth/") and path.endswith("/login"):
                return self._login(path, sent)
            token = headers.get("x-vault-token", "")
            if not self._lives(token):
                return 403, _PERMISSION
            return self._inside(path, token, sent, parse_qs(parts.query))

    def _inside(
        self, path: str, token: str, sent: Mapping[str, Any], query: Mapping[str, list[str]]
    ) -> Answer:
        if path in {"auth/token/lookup-self", "auth/token/renew-self"}:
            return self._token(path, token)
        if path == "sys/leases/renew":
            return self._renewed(str(sent["lease_id"]))
        if path in self.denied:
            return 403, _PERMISSION
        if path == "database/creds/app" and self.makes:
            return self._make(token)
        mount, _, rest = path.partition("/data/")
        if rest:
            return self._second(f"{mount}/{rest}", query)
        if path in self.kv1:
            return 200, {"data": self.kv1[path], "lease_duration": 2_764_800, "renewable": False}
        return 404, {"errors": []}

    def _login(self, path: str, sent: Mapping[str, Any]) -> Answer:
        wanted = {
            "auth/approle/login": {"role_id": ROLE, "secret_id": SECRET_ID},
            "auth/kubernetes/login": {"role": ROLE, "jwt": JWT},
            "auth/jwt/login": {"role": ROLE, "jwt": JWT},
            "auth/team/k8s/login": {"role": ROLE, "jwt": JWT},
        }.get(path)
        if wanted is None:
            return 403, _PERMISSION
        if dict(sent) != wanted:
            return 400, {"errors": [f"invalid role or secret: {dict(sent)}"]}
        self.logins += 1
        token = self.begin_token()
        return 200, {
            "auth": {
                "client_token": token,
                "accessor": "accessor",
                "lease_duration": int(self.token_s),
                "renewable": True,
            }
        }

    def _token(self, path: str, token: str) -> Answer:
        held, now = self.tokens[token], self.clock.monotonic_s()
        if path.endswith("lookup-self"):
            data = {"id": token, "ttl": int(held.ends_s - now), "renewable": held.renewable}
            return 200, {"data": data}
        if not held.renewable:
            return 400, {"errors": ["lease is not renewable"]}
        held.ends_s = min(now + self.token_s, held.longest_s)
        return 200, {
            "auth": {
                "client_token": token,
                "lease_duration": int(held.ends_s - now),
                "renewable": True,
            }
        }

    def _make(self, token: str) -> Answer:
        now, number = self.clock.monotonic_s(), len(self.made) + 1
        known = f"database/creds/app/{number:04}"
        self.made[known] = Made(
            token=token, ends_s=now + self.lease_s, longest_s=now + self.lease_most_s
        )
        return 200, {
            "lease_id": known,
            "lease_duration": int(self.lease_s),
            "renewable": True,
            "data": {"username": f"v-app-{number}", "password": f"made-{number}"},
        }

    def _renewed(self, known: str) -> Answer:
        made, now = self.made.get(known), self.clock.monotonic_s()
        if made is None or now >= made.ends_s or not self._lives(made.token):
            return 400, {"errors": ["lease not found"]}
        made.ends_s = min(now + self.lease_s, made.longest_s)
        return 200, {
            "lease_id": known,
            "lease_duration": int(made.ends_s - now),
            "renewable": True,
        }

    def _second(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        versions = self.kv.get(path, [])
        number = int(query.get("version", [str(len(versions))])[0])
        if not 1 <= number <= len(versions):
            return 404, {"errors": []}
        document = versions[number - 1]
        facts = {
            "version": number,
            "created_time": "2026-01-01T00:00:00Z",
            "deletion_time": "" if document is not None else "2026-01-02T00:00:00Z",
            "destroyed": False,
        }
        return (404 if document is None else 200), {"data": {"data": document, "metadata": facts}}

    def _lives(self, token: str) -> bool:
        held = self.tokens.get(token)
        return held is not None and self.clock.monotonic_s() < held.ends_s


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who does not believe a certificate hangs up."""
        del request, client_address

    def __init__(self, vault: VaultServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vault = vault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def do_PUT(self) -> None:
        self._any()

    def _any(self) -> None:
        vault = self.server.vault
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if vault.silent:
            vault.over.wait(_WAIT_S)
        path = self.path.removeprefix("/v1/")
        if path in vault.trickles:
            self._trickle()
            return
        fault = vault.fault or vault.refused.get(path)
        if fault is not None:
            self._reply(fault[0], b'{"errors": ["Vault is sealed"]}', fault[1])
            return
        named = {name.lower(): value for name, value in self.headers.items()}
        status, document = vault.answer(self.command, self.path, named, body)
        if vault.body is not None and "/login" not in self.path:
            self._reply(200, vault.body, {})
            return
        self._reply(status, orjson.dumps(document), {})

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _trickle(self) -> None:
        vault = self.server.vault
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with suppress(OSError):
            while not vault.over.wait(0.02):
                self.wfile.write(b" ")
        self.close_connection = True

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def vault_server(*, tls: ssl.SSLContext | None = None) -> Iterator[VaultServer]:
    """Serve while the block runs; with TLS if there is a context of it."""
    vault = VaultServer()
    with _Server(vault) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        vault.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vault
        finally:
            vault.over.set()
            server.shutdown()
            thread.join(_WAIT_S)
