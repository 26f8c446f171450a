"""Tests of the ways out that the bootstrap opens."""

from __future__ import annotations

import pytest

from runtime.bootstrap.egress import egress_rules, issuers_egress
from runtime.kit.clock import FixedClock
from runtime.ports.effect_failure import PermanentError
from runtime.ports.egress import HttpCall
from runtime.settings import IdentitySettings, SettingsError
from tests.contract.identity_world import a_trusted_issuer
from tests.egress import NOW
from tests.servers.identity_provider import DISCOVERY, KEYS, identity_provider
from tests.servers.receiver import a_receiver


async def test_an_issuer_s_own_place_is_open_and_nothing_else_of_this_machine() -> None:
    """The setting that names an issuer opens its port; another port stays closed."""
    with identity_provider() as issuer:
        async with a_receiver() as canary:
            settings = IdentitySettings(issuers=(a_trusted_issuer(issuer),))
            way = issuers_egress(settings, clock=FixedClock(NOW))
            for path in (DISCOVERY, KEYS):
                assert (await way.send(HttpCall(method="GET", url=issuer.url + path))).status == 200
            with pytest.raises(PermanentError, match="PLANGATE_EGRESS_ALLOW"):
                await way.send(HttpCall(method="GET", url=f"http://127.0.0.1:{canary.port}/"))
            await way.close()

    assert canary.connections == set()


async def test_an_operator_opens_what_an_issuer_names_beside_itself() -> None:
    """Keys on another private host are reached where the operator's list says so."""
    with identity_provider() as issuer:
        async with a_receiver() as keys:
            settings = IdentitySettings(
                issuers=(a_trusted_issuer(issuer),), egress_allow=f"127.0.0.1:{keys.port}"
            )
            way = issuers_egress(settings, clock=FixedClock(NOW))
            url = f"http://127.0.0.1:{keys.port}/jwks"
            assert (await way.send(HttpCall(method="GET", url=url))).status == 200
            await way.close()


@pytest.mark.parametrize(
    ("allow", "named", "says"),
    [
        ("a b", (), "PLANGATE_EGRESS_ALLOW: 'a b'"),
        ("", ("https://127.1/",), "PLANGATE_ISSUERS: the address can't be used"),
    ],
)
def test_what_can_not_be_read_names_its_variable(
    allow: str, named: tuple[str, ...], says: str
) -> None:
    """An operator learns which setting to mend before anything is opened."""
    with pytest.raises(SettingsError, match=says):
        egress_rules(allow, named=named, variable="PLANGATE_ISSUERS")
