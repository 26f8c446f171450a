"""Hold what an operator allows requests to reach, beyond what is open to any stranger.

A stranger is reached by https, on ports 443 and 8443, at public addresses. `PLANGATE_EGRESS_ALLOW`
names others, separated by commas: `crm.internal`, `*.lab.example:9000`, `10.2.0.0/16`, `[::1]:80`.
Of those, http is allowed too. A name never opens the addresses that describe machines to
themselves (link-local, clouds' metadata): these are allowed as addresses, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, TypeAlias

from runtime.adapters.egress.target import Target, read_target
from runtime.kit.public_address import Address, is_public, unwrapped
from runtime.ports.effect_failure import PermanentError

Network: TypeAlias = IPv4Network | IPv6Network

STRANGERS_PORTS: Final = frozenset({443, 8443})
USUAL_PORTS: Final = frozenset({80, 443, 8443})

_ENTRY: Final = re.compile(
    r"(?P<host>\[[0-9a-f:.]+(?:/[0-9]{1,3})?\]|(?:\*\.)?[a-z0-9][a-z0-9._-]*(?:/[0-9]{1,2})?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
_NUMERIC: Final = re.compile(r"[0-9./]+|\[.*\]", re.ASCII)
_NEVER_BY_NAME: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "169.254.0.0/16",
        "192.0.0.192/32",  # Oracle
        "224.0.0.0/3",
        "::/128",
        "64:ff9b::a9fe:0/112",  # link-local through NAT64
        "fd00:ec2::/32",  # AWS
        "fd20:ce::/32",  # Google
        "fe80::/10",
        "ff00::/8",
    )
)
_MOST_PORT: Final = 65_535


class AllowListError(ValueError):
    """A list of allowed targets that can't be read; the message says which entry and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Open one target: a network, a name, or all names below one.

    Attributes:
        network: addresses; None for a name.
        name: `crm.internal`, or `*.lab.example` for each below it; empty for a network.
        port: None for the usual ones.
    """

    network: Network | None
    name: str
    port: int | None

    def opens_port(self, port: int) -> bool:
        """Return whether it holds for a port."""
        return port in USUAL_PORTS if self.port is None else port == self.port

    def names(self, host: str) -> bool:
        """Return whether it names a host."""
        if self.name.startswith("*."):
            return host.endswith(self.name[1:])
        return bool(self.name) and host == self.name

    def holds(self, address: Address) -> bool:
        """Return whether an address is in its network."""
        network = self.network
        return network is not None and address.version == network.version and address in network


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRules:
    """Judge targets and addresses; reasons never repeat what stood in a request."""

    allowed: tuple[Allowed, ...] = ()

    def refusal_of_target(self, target: Target) -> str | None:
        """Return why no address of a target could be allowed, before its name is looked up."""
        for entry in self.allowed:
            known = entry.names(target.host) or (entry.network is not None)
            if known and entry.opens_port(target.port):
                return None
        if not target.secure:
            return "http reaches only what the operator allows, expected https"
        if target.port not in STRANGERS_PORTS:
            return f"port {target.port} is not open, expected 443 or 8443"
        if target.address is None and "." not in target.host:
            return "the host is a local name"
        return None

    def refusal_of_address(self, target: Target, address: Address) -> str | None:
        """Return why a target may not be reached at one of its addresses, or None if it may."""
        entries = [entry for entry in self.allowed if entry.opens_port(target.port)]
        if any(entry.holds(address) for entry in entries):
            return None
        if any(entry.names(target.host) for entry in entries):
            real = unwrapped(address)
            never = any(real.version == net.version and real in net for net in _NEVER_BY_NAME)
            return "its address is one that is never allowed by name" if never else None
        if not is_public(address):
            return "its address is not public"
        stranger = target.secure and target.port in STRANGERS_PORTS
        return None if stranger else "its address is not one that the operator allows"


def read_rules(text: str, *, named: Iterable[str] = ()) -> EgressRules:
    """Read an operator's list; empty: strangers only.

    Args:
        text: the list.
        named: addresses that the operator's other settings name, such as that of an identity
            provider: each opens its own host and port, and nothing else.

    Raises:
        AllowListError: an entry is no host, network or port, or an address can't be used.
    """
    entries = (part.strip().lower() for part in text.split(","))
    listed = [_allowed(entry) for entry in entries if entry]
    return EgressRules(allowed=(*listed, *map(_named, named)))


def _named(url: str) -> Allowed:
    """Open what one address of the operator's settings leads to."""
    try:
        target = read_target(url)
    except PermanentError as error:
        raise AllowListError(str(error)) from None
    if target.address is None:
        return Allowed(network=None, name=target.host, port=target.port)
    return Allowed(network=ip_network(target.address), name="", port=target.port)


def _allowed(entry: str) -> Allowed:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise _unreadable(entry, "it is no HOST, *.HOST, NETWORK or one of these with :PORT")
    port = int(found["port"]) if found["port"] else None
    if port is not None and port > _MOST_PORT:
        raise _unreadable(entry, f"its port is above {_MOST_PORT}")
    host = found["host"]
    if not _NUMERIC.fullmatch(host):
        if "/" in host:
            raise _unreadable(entry, "a name has no prefix length")
        return Allowed(network=None, name=host, port=port)
    try:
        network = ip_network(host.strip("[]"))
    except ValueError as error:
        raise _unreadable(entry, str(error)) from None
    return Allowed(network=network, name="", port=port)


def _unreadable(entry: str, problem: str) -> AllowListError:
    return AllowListError(f"'{entry[:80]}' can't be allowed: {problem}")
