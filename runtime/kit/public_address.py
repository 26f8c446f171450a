"""Tell an address that strangers may name from one that leads back inside.

The answer is yes only where an address is unicast of the public internet and embeds no other; what
nobody assigned yet is a no. Sources: the IANA special-purpose registries of IPv4 and IPv6 (RFC
6890), RFC 4291 §2.4, RFC 5214 §6.1; the metadata services that clouds put on public addresses.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' inside, and the metadata of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, which gives out certificates of machines
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and the metadata of Oracle
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays to 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo embeds IPv4
        "2001:db8::/32",
        "2002::/16",  # 6to4 embeds IPv4
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})  # before an embedded IPv4 address


def is_public(address: Address) -> bool:
    """Return whether whoever names an address can only mean a stranger.

    >>> is_public(IPv4Address("93.184.215.14")), is_public(IPv6Address("::ffff:8.8.8.8"))
    (True, False)
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or address not in _GLOBAL_6:
        return False
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside one that only spells it as IPv6, as the kernel would.

    >>> unwrapped(IPv6Address("::ffff:127.0.0.1"))
    IPv4Address('127.0.0.1')
    """
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
