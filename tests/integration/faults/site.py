"""Hold a whole deployment to harm: replicas in children, their Postgres and their Redis.

Used by the tests beside it and by the campaign in `tests/bench`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from runtime.adapters.redis_leases.scripts import names
from tests.database import DatabaseUrls
from tests.integration.faults.calls import Calls, open_calls
from tests.servers.api import OPERATOR_TOKEN, ApiServer
from tests.servers.stoppable_redis import StoppableRedis

LEASE_TTL_S: Final = 0.6
MENDED_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Hold an organization with its owner's token."""

    id: str
    owner: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold a deployment."""

    urls: DatabaseUrls
    redis: StoppableRedis
    servers: tuple[ApiServer, ...]
    lease_ttl_s: float

    @asynccontextmanager
    async def calls(self, token: str = OPERATOR_TOKEN) -> AsyncIterator[Calls]:
        """Open calls under a credential to all replicas."""
        async with open_calls([server.url for server in self.servers], token=token) as calls:
            yield calls

    async def found(self) -> Tenant:
        """Make an organization."""
        owner = {"display_name": "Ann", "email": "ann@example.com"}
        async with self.calls() as calls:
            made = await calls.must("POST", "/v1/organizations", {"name": "Acme", "owner": owner})
        return Tenant(
            id=made["organization"]["id"], owner=made["owner"]["id"], token=made["token"]["text"]
        )

    async def project(self, tenant: Tenant, name: str = "counted") -> str:
        """Make a counter project without limits, and return its id."""
        async with self.calls(tenant.token) as calls:
            wish = {"name": name, "environment": "counter", "limits": {}}
            made = await calls.must("POST", "/v1/projects", wish)
        return str(made["id"])

    async def holder_pid(self, tenant: Tenant, project_id: str) -> int:
        """Return the process that holds a project's lease, as Redis has it; 0 if there is none."""
        key = names(f"{tenant.id}:{project_id}")[0]
        async with Redis.from_url(self.redis.url, decode_responses=True) as client:
            owner = str(await client.get(key) or "")
        return int(owner.partition(".")[0].rpartition("-")[2] or 0)

    async def holder(self, tenant: Tenant, project_id: str) -> ApiServer | None:
        """Return the replica that holds a project's lease."""
        pid = await self.holder_pid(tenant, project_id)
        found = [server for server in self.servers if pid and server.pid == pid]
        return found[0] if found else None

    async def mend(self) -> float:
        """Repair everything, wait until every replica is ready, and return how long that took."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        self.redis.thaw()
        await asyncio.to_thread(self.redis.stop)
        await asyncio.to_thread(self.redis.start)
        for server in self.servers:
            server.thaw()
            server.begin()
        for server in self.servers:
            await asyncio.to_thread(server.start)
        async with self.calls() as calls, asyncio.timeout(MENDED_WITHIN_S):
            for number in range(len(self.servers)):
                await calls.until_ready(number)
        return loop.time() - began_s


@contextmanager
def a_site(
    urls: DatabaseUrls, *, replicas: int = 2, lease_ttl_s: float = LEASE_TTL_S
) -> Iterator[Site]:
    """Run replicas on a migrated database, with a Redis of their own."""
    with ExitStack() as stack:
        redis = stack.enter_context(StoppableRedis())
        servers = tuple(
            ApiServer(database_url=urls.app_url, redis_url=redis.url, lease_ttl_s=lease_ttl_s)
            for _ in range(replicas)
        )
        for server in servers:
            stack.callback(server.kill)
            server.begin()
        for server in servers:
            server.start()
        yield Site(urls=urls, redis=redis, servers=servers, lease_ttl_s=lease_ttl_s)


def faults_logged(servers: Sequence[ApiServer]) -> list[str]:
    """Return what replicas logged as faults of ours."""
    marks = ('"request.failed"', "Unhandled exception", "never retrieved")
    return [line for server in servers for line in server.log if any(m in line for m in marks)]
