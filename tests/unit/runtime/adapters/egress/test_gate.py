"""Tests of the gate: names are looked up once, and each address is judged."""

from ipaddress import ip_address

import pytest

from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from runtime.adapters.egress.target import read_target
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.egress import TableResolver

PUBLIC = "93.184.215.14"


async def test_only_the_open_addresses_of_a_name_are_left() -> None:
    """A name that is public and private at once leads to its public address."""
    resolver = TableResolver(a__example=[["10.0.0.1", PUBLIC, "127.0.0.1"]])
    gate = Gate(read_rules(""), resolver)

    found = await gate.addresses(read_target("https://a.example/"))

    assert found == (ip_address(PUBLIC),)
    assert resolver.asked == ["a.example"]


async def test_a_name_without_an_open_address_is_refused() -> None:
    """There is nothing to connect to, and trying again would not help."""
    gate = Gate(read_rules(""), TableResolver(a__example=[["10.0.0.1", "::1"]]))

    with pytest.raises(PermanentError, match="not public; see PLANGATE_EGRESS_ALLOW"):
        await gate.admit("https://a.example/")


async def test_a_name_is_not_looked_up_where_its_target_is_refused() -> None:
    """A look-up is a message to strangers too."""
    resolver = TableResolver(a__example=[[PUBLIC]])
    gate = Gate(read_rules(""), resolver)

    with pytest.raises(PermanentError, match="port 22"):
        await gate.admit("https://a.example:22/")

    assert resolver.asked == []


async def test_an_address_is_judged_without_a_look_up() -> None:
    """What is an address already needs no resolver to say so."""
    resolver = TableResolver()
    gate = Gate(read_rules(""), resolver)

    assert await gate.addresses(read_target(f"https://{PUBLIC}/")) == (ip_address(PUBLIC),)
    with pytest.raises(PermanentError, match="not public"):
        await gate.admit("https://10.0.0.1/")
    assert resolver.asked == []


@pytest.mark.parametrize(
    "resolver", [TableResolver(), TableResolver(a__example=[[]])], ids=["unknown", "empty"]
)
async def test_a_name_that_nobody_knows_may_be_known_later(resolver: TableResolver) -> None:
    """What a resolver does not know now is a reason to come back."""
    with pytest.raises(RetryableError, match="name of the host"):
        await Gate(read_rules(""), resolver).admit("https://a.example/")


def test_closing_the_gate_closes_its_resolver() -> None:
    """Nothing is looked up any more."""
    resolver = TableResolver()

    Gate(read_rules(""), resolver).close()

    assert resolver.closed
