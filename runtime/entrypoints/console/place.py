"""Say where the console stands: which platform it asks, and by which names it is known.

It has a process of its own, which is told the platform's address, or is mounted in the platform's,
where it asks the very server that it was asked by. Either way it asks by the REST API alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from runtime.client.errors import UnusableError

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
MOUNTED_AT: Final = "/console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold where it stands.

    Attributes:
        platform: address of the platform that it asks; None: it is mounted at `MOUNTED_AT` there.
        hosts: names under which it is known, without ports.
        shown: address of the platform as browsers reach it, where that is another one.
        https: browsers reach it by https alone, whatever a request says.
    """

    platform: str | None
    hosts: frozenset[str] = LOOPBACK
    shown: str | None = None
    https: bool = False

    def asked(self, scope: Scope) -> str:
        """Return the address of the platform to ask for a request.

        Raises:
            UnusableError: it is mounted in a server that listens at no port.
        """
        if self.platform is not None:
            return self.platform
        host, port = scope.get("server") or ("", None)
        if port is None:
            raise UnusableError(
                "the server listens at no port, so its console can't ask it; start "
                "`plangate console` beside it"
            )
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def leading(self, address: str) -> str:
        """Return where browsers find a page of the platform of which it says this address."""
        if self.platform is not None and self.shown is None:
            return address
        parts = urlsplit(address)
        page = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if self.platform is not None:
            return f"{(self.shown or '').rstrip('/')}{page}"
        return page

    def words(self) -> str:
        """Return what people call the platform."""
        return self.shown or self.platform or "this platform"


def own_root(scope: Scope) -> str:
    """Return what stands before every path of the console: nothing, or where it is mounted."""
    root: str = scope.get("root_path", "")
    return root


def own_path(scope: Scope) -> str:
    """Return the path of a request within the console."""
    path: str = scope["path"]
    return path.removeprefix(own_root(scope)) or "/"


def name_of(host: str) -> str:
    """Return a host's name without its port.

    >>> name_of("localhost:80"), name_of("[::1]:80"), name_of("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    return host if host.endswith("]") else host.rpartition(":")[0] or host
