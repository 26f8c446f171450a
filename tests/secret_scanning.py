"""Look for secrets wherever something is kept: every table, all of a Redis, and any text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import asyncpg
import redis.asyncio

from tests.database import DatabaseUrls, session

LEAST: int = 12
"""Characters of a canary; shorter ones would be found by chance."""


@dataclass(slots=True)
class Scan:
    """Gather what is kept, by where, and find canaries in it in any usual spelling."""

    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, place: str, text: str) -> None:
        """Keep a text of a place."""
        self.places.setdefault(place, []).append(text)

    def found(self, canaries: Iterable[str]) -> list[str]:
        """Return where which canary is, as `place: beginning of the canary`."""
        wholes = {place: "\n".join(texts) for place, texts in self.places.items()}
        return [
            f"{place}: {canary[:8]}…"
            for canary in canaries
            for place, whole in wholes.items()
            if any(spelling in whole for spelling in spellings(canary))
        ]

    async def add_database(self, urls: DatabaseUrls) -> None:
        """Keep every row of every table, catalogues left out."""
        async with session(urls.superuser_url) as superuser:
            for table in await superuser.fetch(
                "select format('%I.%I', schemaname, tablename) as name from pg_tables"
                " where schemaname not in ('pg_catalog', 'information_schema')"
            ):
                await self._add_table(superuser, str(table["name"]))

    async def add_redis(self, url: str) -> None:
        """Keep every key and value."""
        client = redis.asyncio.from_url(url, decode_responses=False)
        try:
            async for key in client.scan_iter(count=1_000):
                self.add("redis", repr(key))
                self.add("redis", repr(await _value(client, key)))
        finally:
            await client.aclose()

    async def _add_table(self, superuser: asyncpg.Connection[asyncpg.Record], table: str) -> None:
        query = f"select row::text as text from {table} as row"  # noqa: S608  # names of the catalogue
        for row in await superuser.fetch(query):
            self.add(table, row["text"])


def spellings(canary: str) -> Iterator[str]:
    """Yield how a text may be spelled: as it is, for addresses, as digits, and in base64."""
    if len(canary) < LEAST:
        raise ValueError(f"a canary has {len(canary)} characters, expected {LEAST} or more")
    yield canary
    yield quote(canary, safe="")
    yield canary.encode().hex()
    for shift in range(3):  # base64 looks different by where a text begins
        coded = b64encode(b"x" * shift + canary.encode()).decode()
        yield coded[4 if shift else 0 : -4]


async def _value(client: redis.asyncio.Redis, key: bytes) -> object:
    found = await client.type(key)
    match found if isinstance(found, str) else found.decode():
        case "string":
            return await client.get(key)
        case "hash":
            return await client.hgetall(key)
        case "list":
            return await client.lrange(key, 0, -1)
        case "set":
            return await client.smembers(key)
        case "zset":
            return await client.zrange(key, 0, -1, withscores=True)
        case "stream":
            return await client.xrange(key)
        case _:
            raise AssertionError(f"nobody knows how to read a {found!r}")
