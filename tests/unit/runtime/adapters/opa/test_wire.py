"""Hold the wire to an OPA: where it asks, by which way, and what it says when it can't."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.adapters.embedded.ports import free_port
from runtime.adapters.opa.wire import OpaWire, WireAnswer
from runtime.domain.policy_unit import unit_of
from runtime.kit.clock import FixedClock
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.builders import NOW
from tests.servers.lying_opa import LyingOpa, lying_opa

UNIT = unit_of((), organization_id="org_1", number=1)
QUESTION = b'{"input":{"steps":[1]}}'


@asynccontextmanager
async def asked(path: str = "") -> AsyncIterator[tuple[LyingOpa, OpaWire]]:
    """Serve, and open a wire to an address there."""
    async with lying_opa(UNIT, clock=FixedClock(NOW)) as opa:
        wire = OpaWire(opa.url + path, token=None)
        try:
            yield opa, wire
        finally:
            await wire.close()


async def test_an_address_may_have_a_path() -> None:
    """An OPA behind a gateway has one."""
    async with asked("/opa") as (opa, wire):
        await wire.post("v1", "data", body=QUESTION)
        await wire.get("health")

    assert [head.split()[1] for head in opa.heads] == [
        "/opa/v1/data?strict-builtin-errors=true",
        "/opa/health",
    ]


async def test_connections_are_kept() -> None:
    """One connection serves one question after the other."""
    async with asked() as (opa, wire):
        for _ in range(3):
            await wire.post("v1", "data", body=QUESTION)
        assert not opa.hung_up.is_set()

    assert len(opa.heads) == 3
    assert "Accept-Encoding: identity\r\n" in opa.heads[0]


async def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says, questions go to the server and to nobody between."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async with asked() as (_, wire):
        answer = await wire.post("v1", "data", body=QUESTION)

    assert answer.status == 200


async def test_a_redirect_is_told() -> None:
    """Whoever set a wrong address learns it from the words."""
    async with asked() as (opa, wire):
        opa.lie = "sends elsewhere"
        with pytest.raises(PolicyFaultError, match="HTTP 307; redirects are not followed"):
            await wire.post("v1", "data", body=QUESTION)

    assert len(opa.heads) == 1


@pytest.mark.parametrize(
    ("status", "kind", "fault"),
    [
        pytest.param(204, "application/json", PolicyFault.FAILED, id="another status"),
        pytest.param(200, "text/plain", PolicyFault.MALFORMED, id="another type"),
    ],
)
def test_a_body_counts_by_status_and_type(status: int, kind: str, fault: PolicyFault) -> None:
    """What is in it is not looked at before."""
    with pytest.raises(PolicyFaultError) as caught:
        WireAnswer(status=status, content_type=kind, body=b"{}").ok()

    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://opa:8181", id="not http"),
        pytest.param("http://user:secret@opa:8181", id="credentials"),
        pytest.param("http://opa:8181/?token=secret", id="query"),
        pytest.param("opa", id="no scheme"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A wrong address ends the start, and what was secret in it is not repeated."""
    with pytest.raises(ValueError, match="the address of OPA") as caught:
        OpaWire(url, token=None)

    assert "secret" not in str(caught.value)
