"""Tests of looking names up with the machine's own resolver."""

from ipaddress import ip_address

import pytest

from runtime.adapters.egress.resolving import SystemResolver
from runtime.ports.effect_failure import RetryableError


async def test_the_machine_knows_itself() -> None:
    """Each address of a name comes once."""
    resolver = SystemResolver()

    found = await resolver.addresses("localhost")

    resolver.close()
    assert ip_address("127.0.0.1") in found or ip_address("::1") in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("host", ["fe80::1%nowhere", "a" * 300, "\udc80"])
async def test_what_can_not_be_looked_up_is_said_to_be_so(host: str) -> None:
    """What nobody knows, and what is no name, end alike; no server is asked here."""
    resolver = SystemResolver()

    with pytest.raises(RetryableError, match="can't be looked up"):
        await resolver.addresses(host)

    resolver.close()
