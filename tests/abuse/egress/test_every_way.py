"""Run the corpus over every way out: webhooks, effects, and what identity providers name.

Canaries listen where each attack wants to arrive. GOALS: S1 to S8, S10; pages of a browser are in
test_server_side_requests.py, and that there is no further way in tests/architecture/test_egress.py.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from aiohttp import web

from runtime.adapters.egress.client import EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.metadata import fetch_metadata
from runtime.kit.clock import FixedClock
from runtime.ports.effect_failure import PermanentError
from runtime.ports.egress import HttpCall
from tests.abuse.egress.battlefield import a_battlefield, a_resolver
from tests.abuse.egress.corpus import ATTACKS, SERVICE_PORTS, hosts
from tests.abuse.egress.ways import REFUSALS, WAYS, Way
from tests.contract.identity_world import a_trusted_issuer
from tests.egress import NOW, TableResolver, an_egress, issuers_way
from tests.servers.identity_provider import identity_provider
from tests.servers.receiver import a_raw_server, a_receiver

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@ways
async def test_no_attack_of_the_corpus_is_sent(way: Way) -> None:
    """Families, spellings, names, schemes and ports: nothing leaves, whoever asks."""
    async with a_battlefield(a_resolver()) as field:
        for url in ATTACKS:
            with pytest.raises(REFUSALS):
                await way(field.egress, url)

        field.assert_untouched()


@ways
async def test_the_canaries_own_ports_are_not_reached(way: Way) -> None:
    """Neither in any spelling of their address, nor by names that lead there."""
    async with a_battlefield(a_resolver()) as field:
        for port, host, scheme in product(
            field.ports, (*hosts(), "localhost", "canary", "127.1"), ("http", "https")
        ):
            with pytest.raises(REFUSALS):
                await way(field.egress, f"{scheme}://{host}:{port}/")

        field.assert_untouched()


@ways
@pytest.mark.parametrize("port", [*SERVICE_PORTS, 80, 444, 8080, 65_535])
async def test_other_services_of_strangers_are_not_spoken_to(way: Way, port: int) -> None:
    """A public host is reached on 443 and 8443 only, so that no mail server is commanded."""
    resolver = a_resolver()
    async with a_battlefield(resolver) as field:
        for scheme in ("http", "https"):
            with pytest.raises(REFUSALS, match=r"http reaches only|is not open"):
                await way(field.egress, f"{scheme}://a.example:{port}/")

    assert resolver.asked == []


@ways
async def test_a_name_that_turns_is_judged_each_time(way: Way) -> None:
    """With answers that alternate, only those that are open are connected to (S4).

    The open address is ::1, on the very port where a canary listens at 127.0.0.1.
    """
    async with a_receiver() as canary, a_receiver(host="::1", port=canary.port) as there:
        there.answers = lambda _: web.json_response({})
        answers = [["::1"], ["127.0.0.1"], ["127.0.0.1", "::1"], ["::1", "127.0.0.1"]] * 10
        resolver = TableResolver(turning__example=answers)
        async with an_egress(f"[::1]:{canary.port}", resolver=resolver) as egress:
            url = f"http://turning.example:{canary.port}/"
            for answer in answers:
                if "::1" in answer:
                    await way(egress, url)
                    continue
                with pytest.raises(REFUSALS, match="not public"):
                    await way(egress, url)

    assert len(resolver.asked) == len(answers)
    assert len(there.received) == 30
    assert canary.connections == set()


@ways
async def test_a_kept_connection_opens_nothing_that_is_closed_by_now(way: Way) -> None:
    """A request is judged before a connection is looked for, by the rules of its client (S7)."""
    async with a_receiver() as there:
        there.answers = lambda _: web.json_response({})
        resolver = TableResolver(a__example=[["127.0.0.1"]])
        url = f"http://a.example:{there.port}/"
        before = EgressClient(
            Gate(read_rules(f"a.example:{there.port}"), resolver), clock=FixedClock(NOW)
        )
        after = EgressClient(Gate(read_rules(""), resolver), clock=FixedClock(NOW))
        await way(before, url)
        await way(before, url)
        kept = len(there.connections)
        with pytest.raises(REFUSALS):
            await way(after, url)
        await before.close()
        await after.close()

    assert (kept, len(there.received)) == (1, 2)


@ways
async def test_no_proxy_of_the_environment_is_used(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says is neither a way out nor around the gate (S7)."""
    async with a_receiver() as proxy, a_receiver() as there:
        there.answers = lambda _: web.json_response({})
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        async with an_egress(f"127.0.0.1:{there.port}") as egress:
            await way(egress, f"http://127.0.0.1:{there.port}/")
            with pytest.raises(REFUSALS):
                await way(egress, "https://10.0.0.1/")

    assert len(there.received) == 1
    assert proxy.connections == set()


@ways
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_no_way_follows_a_redirect(way: Way, status: int) -> None:
    """An open receiver can't send any of them on to a canary (S5)."""
    async with a_receiver() as canary, a_receiver() as there:
        place = f"http://127.0.0.1:{canary.port}/"
        there.answers = lambda _: web.json_response(
            {}, status=status, headers={"Location": place, "Refresh": f"0; url={place}"}
        )
        async with an_egress(f"127.0.0.1:{there.port}") as egress:
            with suppress(*REFUSALS):  # some ways take such an answer for a failure
                await way(egress, f"http://127.0.0.1:{there.port}/")

    assert len(there.received) == 1
    assert canary.connections == set()


@ways
@pytest.mark.parametrize(
    ("parts", "endless"),
    [
        pytest.param((), b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1_000, id="flood of 1xx"),
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"A: " + b"b" * 1_000_000), b"", id="1 MB header"),
        pytest.param((b"HTTP/1.1 200 OK\r\n",), b"A: b\r\n" * 1_000, id="endless headers"),
        pytest.param((b"HTTP/2 200\r\n\r\n",), b"", id="another version"),
        pytest.param((b"220 mail.example ESMTP\r\n",), b"", id="another protocol"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",),
            b"",
            id="broken off",
        ),
    ],
)
async def test_a_hostile_answer_is_a_failure_at_once(
    way: Way, parts: tuple[bytes, ...], endless: bytes
) -> None:
    """What costs time to read is cut off by its size, long before the time is over (S8)."""
    async with (
        a_raw_server(*parts, endless=endless) as server,
        an_egress(f"127.0.0.1:{server.port}") as egress,
    ):
        with pytest.raises(REFUSALS, match="broke off"):
            await way(egress, f"http://127.0.0.1:{server.port}/")

    assert server.accepted == 1


@pytest.mark.parametrize("named", ["jwks_uri", "token_endpoint"])
async def test_an_issuer_s_metadata_leads_nowhere_inside(named: str) -> None:
    """A trusted issuer that was taken over can't have another port of ours asked (S6)."""
    async with a_receiver() as canary:
        with identity_provider() as issuer:
            issuer.metadata_changes = {named: f"http://127.0.0.1:{canary.port}/{named}"}
            trusted = a_trusted_issuer(issuer)
            client = IssuerClient(issuers_way(issuer.url))
            metadata = await fetch_metadata(trusted, client)
            place = metadata.keys_url if named == "jwks_uri" else str(metadata.token_url)
            with pytest.raises(REFUSALS, match="may not be called"):
                await client.get(place)
            with pytest.raises(REFUSALS, match="may not be called"):
                await client.post_form(place, {"code": "c"}, headers={})
            await client.close()

    assert canary.connections == set()


async def test_the_corpus_reaches_its_canary_where_nothing_guards_it() -> None:
    """With the canary opened, each way arrives there: the corpus is not harmless by itself."""
    async with a_receiver() as canary:
        canary.answers = lambda _: web.json_response({})
        async with an_egress(f"127.0.0.1:{canary.port}") as egress:
            for way in WAYS.values():
                await way(egress, f"http://127.0.0.1:{canary.port}/")
            with pytest.raises(PermanentError):
                await egress.send(HttpCall(method="GET", url="http://127.0.0.1:1/"))

    assert len(canary.received) == len(WAYS)
