"""A connection opens in time or says why not, without telling secrets."""

from __future__ import annotations

import pytest

from runtime.adapters.redis_leases.line import Dialer
from runtime.domain.errors import LeaseUnavailableError
from tests.servers.stoppable_redis import PASSWORD, StoppableRedis
from tests.unit.runtime.adapters.redis_leases.doubles import talking_redis


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("redis://:secret@10.0.0.7:7000/3", "10.0.0.7:7000", id="address"),
        pytest.param("rediss://user:secret@redis.example", "redis.example:6379", id="tls"),
        pytest.param("unix:///run/redis.sock?db=1", "/run/redis.sock", id="socket"),
    ],
)
def test_the_address_is_told_without_the_password(url: str, address: str) -> None:
    """Only where the server is goes into messages."""
    dialer = Dialer(url, answer_s=1)

    assert dialer.address == address
    assert "secret" not in str(dialer.silent())


async def test_an_open_line_answers(server: StoppableRedis) -> None:
    """It is authenticated and speaks plain RESP2."""
    line = await Dialer(server.url, answer_s=5).open()

    await line.send_packed_command(line.pack_command("PING"), check_health=False)

    assert await line.read_response() == b"PONG"
    await line.disconnect(nowait=True)
    assert not line.is_connected


async def test_a_stopped_server_is_told_at_once(server: StoppableRedis) -> None:
    """Nothing is tried again behind the caller's back."""
    server.stop()

    with pytest.raises(LeaseUnavailableError, match=f"redis at 127.0.0.1:{server.port} failed"):
        await Dialer(server.url, answer_s=5).open()


async def test_a_wrong_password_is_told_without_it(server: StoppableRedis) -> None:
    """The server turns us away, and the reason says so."""
    url = server.url.replace(PASSWORD, "wrong-password")

    with pytest.raises(LeaseUnavailableError, match=r"WRONGPASS|password") as refusal:
        await Dialer(url, answer_s=5).open()

    assert "wrong-password" not in str(refusal.value)


async def test_a_frozen_server_is_given_up(server: StoppableRedis) -> None:
    """It takes the connection and never answers the greeting."""
    server.freeze()

    with pytest.raises(LeaseUnavailableError, match=r"no answer in 0\.1 s"):
        await Dialer(server.url, answer_s=0.1).open()


async def test_a_long_refusal_is_cut() -> None:
    """A server can't fill our logs."""
    async with talking_redis(lambda words: b"+OK\r\n") as url:
        dialer = Dialer(url, answer_s=5)

    assert len(str(dialer.failed(ValueError("x" * 5000)))) < 400
    assert "ValueError" in str(dialer.failed(ValueError()))
