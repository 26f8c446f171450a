"""Give tests webhooks of the app of production, workers that are processes, and who receives.

The app, its workers and the receiver share a database, a key and a way out to one loopback port.
Imported by the `conftest.py` of those who use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import pytest_asyncio
from pydantic import SecretStr

from runtime.app import create_app
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.settings import EdgeSettings, IdentitySettings, ServiceSettings
from tests.abuse.execution.real_app import OPERATOR, Acting, RealApp
from tests.database import DatabaseUrls, session
from tests.execution import redis_url
from tests.servers.receiver import Received, Receiver, a_receiver
from tests.servers.worker_process import WorkerProcess, worker_process

__all__ = ["delivering", "redis_url"]

PATIENCE_S: Final = 20.0
KEY: Final = "key-of-who-delivers-" + "k" * 24
_LEASES_END: Final = (
    "update webhook_lanes set leased_until = now() - interval '1 second' "
    "where leased_by is not null"
)


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Hold a project with webhooks, its workers, and their receiver."""

    app: RealApp
    owner: Acting
    project: str
    receiver: Receiver
    variables: Mapping[str, str]
    stack: AsyncExitStack = field(repr=False)

    async def webhook(self, **changes: Any) -> JsonObject:  # noqa: ANN401  # any wish
        """Make a webhook of the project that the receiver takes."""
        url = f"http://127.0.0.1:{self.receiver.port}/in"
        wish = {"name": "alerts", "url": url, **changes}
        return await self.app.made(f"{self.project}/webhooks", wish, token=self.owner.token)

    async def asked(
        self, method: str, webhook: JsonObject, rest: str, document: JsonValue = None
    ) -> JsonObject:
        """Ask for something of a webhook that has to succeed."""
        path = f"{self.project}/webhooks/{webhook['id']}{rest}"
        answer = await self.app.call(method, path, document, token=self.owner.token)
        assert answer.status in {200, 201, 202}, answer.body
        found: JsonObject = answer.json
        return found

    async def moved(self) -> str:
        """Execute a plan of the project, and return the id of its outcome."""
        wish = {"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}}
        path = f"{self.project}/plans:execute"
        return str((await self.app.made(path, wish, token=self.owner.token))["id"])

    async def started(self) -> WorkerProcess:
        """Start a worker, and return once it works."""
        worker = self.stack.enter_context(worker_process(self.variables))
        await asyncio.to_thread(worker.await_started)
        return worker

    async def let_leases_end(self) -> None:
        """Let the time pass for which a worker is believed to live without a further word."""
        async with session(self.app.urls.superuser_url) as superuser:
            await superuser.execute(_LEASES_END)

    async def got(self, count: int) -> list[Received]:
        """Return what the receiver got, once that is as much."""

        async def so() -> bool:
            return len(self.receiver.received) >= count

        await until(so)
        return self.receiver.received

    async def ended(self, webhook: JsonObject, *, count: int) -> list[JsonObject]:
        """Return deliveries, the newest first, once there are so many and all have ended."""
        found = list[JsonObject]()

        async def so() -> bool:
            answer = await self.asked("GET", webhook, "/deliveries")
            found[:] = answer["items"]
            return len(found) >= count and all(item["ended_at"] for item in found)

        await until(so)
        return found


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true, for a bounded time.

    Raises:
        TimeoutError: it does not become true.
    """
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110  # what is asked is in other processes
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def delivering(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Delivering]:
    """Serve the platform with a project, and a receiver that its webhooks may reach."""
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(a_receiver())
        allow = f"127.0.0.1:{receiver.port}"
        app = create_app(
            ServiceSettings(
                database_url=SecretStr(database_urls.app_url),
                redis_urls=(SecretStr(redis_url),),
                identity=IdentitySettings(
                    token_keys=(SecretStr(KEY),),
                    operator_token=SecretStr(OPERATOR),
                    egress_allow=allow,
                ),
                edge=EdgeSettings(request_rate=None),
            )
        )
        await stack.enter_async_context(app.router.lifespan_context(app))
        served = RealApp(app=app, urls=database_urls)
        owner = await served.found()
        project = await served.project(owner)
        yield Delivering(
            app=served,
            owner=owner,
            project=f"/v1/projects/{project['id']}",
            receiver=receiver,
            variables={
                "PLANGATE_DATABASE_URL": database_urls.app_url,
                "PLANGATE_REDIS_URL": redis_url,
                "PLANGATE_TOKEN_KEYS": KEY,
                "PLANGATE_EGRESS_ALLOW": allow,
            },
            stack=stack,
        )
