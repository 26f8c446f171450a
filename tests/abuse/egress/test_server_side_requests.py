"""Try to make the platform ask what only its own machine can reach: canaries hear nothing.

Every attack runs against both ways out, requests of effects and pages of a browser, while real
servers listen where the attack wants to arrive. GOALS: S1 to S5, S10; S6 is
tests/architecture/test_egress.py, S7 to S9 are with the client and with `http.call`.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from aiohttp import web

from runtime.adapters.egress.client import EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from runtime.kit.clock import FixedClock
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpCall
from tests.abuse.egress.battlefield import a_battlefield, a_resolver
from tests.abuse.egress.corpus import ATTACKS, SPECIAL, hosts
from tests.egress import NOW, TableResolver
from tests.servers.receiver import a_receiver


def test_the_corpus_is_large() -> None:
    """There are at least 300 different attacks."""
    assert len(ATTACKS) >= 300


async def test_no_attack_is_sent() -> None:
    """Families, spellings, names, schemes and ports: nothing leaves by either way."""
    async with a_battlefield(a_resolver()) as field:
        for url in ATTACKS:
            await field.by_effect(url)
            await field.by_browser(url)

        field.assert_untouched()


async def test_the_canaries_own_ports_are_not_reached() -> None:
    """The attacks that know exactly where a canary listens end alike."""
    async with a_battlefield(a_resolver()) as field:
        for port in field.ports:
            for host in (*hosts(), "localhost", "canary", "2130706433", "127.1"):
                for scheme in ("http", "https"):
                    await field.by_effect(f"{scheme}://{host}:{port}/")
                    await field.by_browser(f"{scheme}://{host}:{port}/")

        field.assert_untouched()


@pytest.mark.parametrize("address", SPECIAL)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    """A stranger's name with an address of ours leads nowhere (S3)."""
    spellings = [[address]]
    if isinstance(ip_address(address), IPv4Address):
        spellings.append([f"::ffff:{address}"])
    resolver = TableResolver(evil__example=spellings)
    async with a_battlefield(resolver) as field:
        for _ in spellings:
            with pytest.raises(PermanentError, match="not public"):
                await field.egress.send(HttpCall(method="GET", url="https://evil.example/"))
        await field.by_browser("https://evil.example/")

        field.assert_untouched()


async def test_a_name_that_changes_between_check_and_connection_gains_nothing() -> None:
    """One look-up is judged and connected to: a second answer is never asked for (S4)."""
    async with a_battlefield(TableResolver()) as field:
        port = field.ports[0]
        # What the operator allows is open at ::1 only, where nobody listens on this port; each next
        # answer is the canary's.
        resolver = TableResolver(turning__example=[["::1"], ["127.0.0.1"]])
        egress = EgressClient(Gate(read_rules(f"[::1]:{port}"), resolver), clock=FixedClock(NOW))
        call = HttpCall(method="GET", url=f"http://turning.example:{port}/")
        with pytest.raises(RetryableError, match="can't be connected to"):
            await egress.send(call)
        assert resolver.asked == ["turning.example"]
        with pytest.raises(PermanentError, match="not public"):
            await egress.send(call)
        await egress.close()

        field.assert_untouched()


async def test_of_mixed_addresses_only_the_open_ones_are_tried() -> None:
    """A name with a private address beside an open one never leads to the private one (S4)."""
    async with a_battlefield(TableResolver()) as field:
        port = field.ports[0]
        resolver = TableResolver(mixed__example=[["127.0.0.1", "::1"]])
        egress = EgressClient(Gate(read_rules(f"[::1]:{port}"), resolver), clock=FixedClock(NOW))
        with pytest.raises(RetryableError, match="can't be connected to"):
            await egress.send(HttpCall(method="GET", url=f"http://mixed.example:{port}/"))
        await egress.close()

        field.assert_untouched()


async def test_a_redirect_inside_is_not_followed() -> None:
    """An allowed receiver can't send us on to what it can't reach itself (S5)."""
    async with a_receiver() as receiver:
        resolver = TableResolver(a__example=[["127.0.0.1"]])
        allow = f"a.example:{receiver.port}"
        async with a_battlefield(resolver, allow=allow) as field:
            for place in (f"http://127.0.0.1:{field.ports[0]}/", "http://169.254.169.254/", "//x"):
                for status in (301, 302, 303, 307, 308, 300, 305):
                    receiver.answers = lambda _, s=status, p=place: web.Response(  # type: ignore[misc]  # bound now
                        status=s, headers={"Location": p, "Refresh": f"0; url={p}"}
                    )
                    answer = await field.egress.send(
                        HttpCall(method="GET", url=f"http://a.example:{receiver.port}/")
                    )
                    assert answer.status == status

            field.assert_untouched()


async def test_the_guards_are_what_holds_the_attacks_back() -> None:
    """With the canary allowed, the same requests arrive: the corpus is not harmless by itself."""
    async with a_receiver() as canary:
        allow = f"127.0.0.1:{canary.port}"
        async with a_battlefield(a_resolver(), allow=allow) as field:
            await field.egress.send(HttpCall(method="GET", url=f"http://127.0.0.1:{canary.port}/"))
            await field.egress.send(HttpCall(method="GET", url=f"http://canary:{canary.port}/"))

    assert len(canary.received) == 2
