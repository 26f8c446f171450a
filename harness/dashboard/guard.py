"""Stand before every request: who is addressed, and what the browser may do with the answer.

There is no login. What protects the runs is that only this machine can reach the server, and that
a page of another site, whose name may be made to point here, is refused by its `Host`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
MISDIRECTED: Final = 421
OWN_PAGES: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WRITTEN_PAGES: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Reports carry their style and script inside, and a policy of their own that names their digests;
a browser applies both. This one keeps them from asking anything of anybody, this server included.
"""
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Know the names under which a request may address this server.

    Attributes:
        names: lower-case host names and addresses.
        any_address: a literal IP address is taken as well, because the server listens on all.
        every: whoever stands before has found out who asks, so that no name opens anything.
    """

    names: Collection[str] = LOOPBACK
    any_address: bool = False
    every: bool = False

    def takes(self, host: str) -> bool:
        """Say whether a `Host` header names this server; its port does not matter.

        >>> Hosts().takes("localhost:8080"), Hosts().takes("[::1]"), Hosts().takes("evil.example")
        (True, True, False)
        """
        name = _name(host)
        return self.every or name in self.names or (self.any_address and _is_address(name))


class Guard:
    """Refuse requests that are addressed to somebody else, and set the headers of all answers."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", OWN_PAGES)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if self._hosts.takes(host):
            await self._app(scope, receive, guarded)
            return
        refusal = PlainTextResponse(
            f"This server does not answer for '{_name(host)}'; open it by the address that it "
            "printed when it started.\n",
            status_code=MISDIRECTED,
        )
        await refusal(scope, receive, guarded)


def _name(host: str) -> str:
    """Take the port and the brackets of an IPv6 address off a `Host` header."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
