"""Prove that a broker that can't be used is named without its password."""

from __future__ import annotations

import socket

import pytest

from harness.remote.link import BrokerError, Link


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("amqp://me:secret@host//", "expected redis://", id="another kind of broker"),
        pytest.param("redis://:secret@host:port/0", "can't be read", id="no number as port"),
    ],
)
def test_an_address_that_is_no_redis_is_refused(url: str, said: str) -> None:
    """The message shows the address, and never the password in it."""
    with pytest.raises(BrokerError, match=said) as refused:
        Link(url)

    assert "secret" not in str(refused.value)


async def test_a_broker_that_is_not_there_is_told() -> None:
    """Commands and scripts say which one and what to do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    link = Link(f"redis://:secret@127.0.0.1:{port}/0")

    with pytest.raises(BrokerError, match=rf"redis://127.0.0.1:{port}/0 does not serve"):
        await link.do("PING")
    with pytest.raises(BrokerError, match="see that Redis runs there"):
        await link.run("return 1", keys=[])
    await link.close()


async def test_time_is_the_servers(link: Link) -> None:
    """All machines read one clock."""
    seconds, _ = await link.do("TIME")

    assert abs(await link.now_ms() - int(seconds) * 1000) < 60_000
