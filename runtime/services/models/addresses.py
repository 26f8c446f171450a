"""Judge whether an address that an organization wrote lies below one that the operator allows.

Addresses are compared part by part, never as text: whatever could be read in two ways (a user
before the host, a percent sign, a dot segment, a backslash, letters that look alike) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_PLAIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9_~.-]+)*)/?",
    re.ASCII,
)
_USUAL_PORTS: Final = {"http": 80, "https": 443}


class BaseAddressError(ValueError):
    """An address that could be read in more than one way; the message says how to write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseAddress:
    """Hold the parts of an address that are compared."""

    scheme: str
    host: str
    port: int
    path: tuple[str, ...]

    def covers(self, other: BaseAddress) -> bool:
        """Say whether another address is this one, or lies below it."""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and other.path[: len(self.path)] == self.path


def read_base(text: str) -> BaseAddress:
    """Read an address.

    Raises:
        BaseAddressError: it is no plain one.

    >>> read_base("https://models.example:8443/v1").covers(
    ...     read_base("https://models.example:8443/v1/team"))
    True
    """
    found = _PLAIN.fullmatch(text)
    if found is None or not _one_way(text, host=found["host"], path=found["path"]):
        raise BaseAddressError(
            "is no plain address, expected http:// or https://, a host in small letters, perhaps "
            "a port, and a path of letters, digits, '_', '~', '.' and '-'"
        )
    scheme = found["scheme"]
    return BaseAddress(
        scheme=scheme,
        host=found["host"],
        port=int(found["port"] or _USUAL_PORTS[scheme]),
        path=tuple(found["path"].split("/")[1:]),
    )


def covered(text: str, bases: Iterable[BaseAddress]) -> bool:
    """Say whether an address lies below one of those allowed; one that can't be read does not."""
    try:
        address = read_base(text)
    except BaseAddressError:
        return False
    return any(base.covers(address) for base in bases)


def _one_way(text: str, *, host: str, path: str) -> bool:
    """Say whether other readers of addresses find the same host, and no way up."""
    dots = any(part in {".", ".."} for part in path.split("/"))
    return not dots and (urlsplit(text).hostname or "") == host.strip("[]")
