"""The scripts have the names that Redis gives them, and keys that stay together."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from runtime.adapters.redis_leases.scripts import ADVANCE, ENTER, LEAVE, RENEW, Script, names
from tests.servers.stoppable_redis import StoppableRedis

EVERY = {"enter": ENTER, "renew": RENEW, "advance": ADVANCE, "leave": LEAVE}


@pytest.mark.parametrize("script", EVERY.values(), ids=EVERY.keys())
async def test_redis_knows_a_script_by_our_digest(server: StoppableRedis, script: Script) -> None:
    """Each compiles on the oldest server that we support."""
    async with Redis.from_url(server.url) as client:
        assert await client.script_load(script.text) == script.digest


def test_the_names_of_a_key_share_its_hash_tag() -> None:
    """A cluster keeps them on one node; two keys never share a name."""
    mine, other = names("prj_1"), names("prj_2")

    assert all(name.startswith("plangate:lease:{prj_1}:") for name in mine)
    assert len({*mine, *other}) == 8
