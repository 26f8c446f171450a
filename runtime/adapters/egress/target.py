"""Read the address of a request, in the one way in which it is then used.

Whatever two readers could take for two different hosts is refused: users, backslashes, encoded or
non-ASCII hosts, numbers that resolvers take for addresses, dots at the end, zones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from yarl import URL

from runtime.kit.public_address import Address
from runtime.ports.effect_failure import PermanentError

LONGEST_URL: Final = 4_096
REMEMBERED: Final = 1_024
"""Addresses that need not be read again; what may be called is judged each time."""
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_URL: Final = re.compile(
    r"""
    (?P<scheme>https?)://
    (?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})
    (?::(?P<port>[1-9][0-9]{0,4}))?
    (?P<path>/[!$&'()*+,;=:@A-Za-z0-9._~%/-]*)?
    (?P<query>\?[!$&'()*+,;=:@A-Za-z0-9._~%/?-]*)?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_MOST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Say where a request goes.

    Attributes:
        scheme: `http` or `https`.
        host: a name in lower case, or an address as its own standard text.
        address: the host, where it is an address and no name.
        port: the given or the usual one.
        path: with the query, as it is sent.
    """

    scheme: str
    host: str
    address: Address | None
    port: int
    path: str

    @property
    def secure(self) -> bool:
        """Say whether the other side proves who it is."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: Address) -> URL:
        """Return the URL with a judged address in the place of the host."""
        return _placed(self, address)


@lru_cache(maxsize=REMEMBERED)
def _placed(target: Target, address: Address) -> URL:
    host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  # IPv6
    return URL(f"{target.scheme}://{host}:{target.port}{target.path}", encoded=True)


@lru_cache(maxsize=REMEMBERED)
def read_target(url: str) -> Target:
    """Return where a URL leads.

    Raises:
        PermanentError: it is none that every reader reads alike; it is not repeated, as it may
            hold a credential.
    """
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None:
        raise _unusable(
            f"it is no https://HOST/PATH of at most {LONGEST_URL} characters of ASCII without user "
            "and fragment; encode others as %XX and hosts as xn--"
        )
    scheme = found["scheme"].lower()
    port = int(found["port"] or DEFAULT_PORTS[scheme])
    if port > _MOST_PORT:
        raise _unusable(f"its port is {port}, expected at most {_MOST_PORT}")
    address = _address(found["host"])
    return Target(
        scheme=scheme,
        host=str(address) if address else _name(found["host"].lower()),
        address=address,
        port=port,
        path=(found["path"] or "/") + (found["query"] or ""),
    )


def _address(host: str) -> Address | None:
    """Return the address that a host spells in full; brackets are for IPv6 and for it only."""
    bracketed = host.startswith("[")
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if bracketed and (address is None or address.version != 6):  # noqa: PLR2004  # IPv6
        raise _unusable("its host is no address of IPv6, expected one in brackets")
    return address


def _name(host: str) -> str:
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise _unusable("its host is neither a name nor an address in its usual spelling")
    return host


def _unusable(problem: str) -> PermanentError:
    return PermanentError(f"the address can't be used: {problem}")
