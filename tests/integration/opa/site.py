"""Hold a deployment whose rules a real OPA evaluates: two replicas, and one OPA beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from runtime.adapters.embedded.ports import LOOPBACK, free_port
from runtime.kit.json_value import JsonObject
from tests.api.deciding.uploads import modules
from tests.database import DatabaseUrls
from tests.integration.faults.calls import Answer, Calls, open_calls
from tests.servers.api import OPERATOR_TOKEN, ApiServer
from tests.servers.opa_server import OpaServer, needs_opa, opa_server
from tests.servers.opa_signing import private_pem, public_pem

BUNDLE_TOKEN: Final = "bundle-token-of-tests-0123456789abcd"  # noqa: S105  # of tests
KEY_ID: Final = "bundles"
WITHIN_S: Final = 30.0
PAUSE_S: Final = 0.02
POLLING: Final[JsonObject] = {
    "min_delay_seconds": 20,
    "max_delay_seconds": 30,
    "long_polling_timeout_seconds": 30,
}
"""Whoever does not wait for bundles gets none in the time of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Hold an organization, its owner's token and a project of it."""

    id: str
    token: str
    project: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold a deployment; OPA fetches from the first replica."""

    servers: tuple[ApiServer, ApiServer]
    opa_port: int

    def config(self, **parts: Any) -> dict[str, Any]:  # noqa: ANN401  # OPA's own document
        """Return a configuration of OPA."""
        token = {"bearer": {"token": BUNDLE_TOKEN}}
        key = {"algorithm": "ES256", "key": public_pem("ES256")}
        service = {"url": f"{self.servers[0].url}/v1/bundles", "credentials": token}
        return {"services": {"plangate": service}, "keys": {KEY_ID: key}, **parts}

    def bundles(self, *organization_ids: str) -> dict[str, Any]:
        """Return a configuration that names bundles."""
        return self.config(
            bundles={
                organization_id: {
                    "service": "plangate",
                    "resource": organization_id,
                    "polling": POLLING,
                    "signing": {"keyid": KEY_ID},
                }
                for organization_id in organization_ids
            }
        )

    @contextmanager
    def opa(self, config: Mapping[str, Any]) -> Iterator[OpaServer]:
        """Run the OPA that the replicas ask."""
        with opa_server(config=config, port=self.opa_port) as server:
            yield server

    @asynccontextmanager
    async def calls(self, token: str) -> AsyncIterator[Calls]:
        """Open calls under a credential to both replicas."""
        async with open_calls([server.url for server in self.servers], token=token) as calls:
            yield calls

    async def found(self) -> Tenant:
        """Make an organization with a counter project."""
        owner = {"display_name": "Ann", "email": "ann@example.com"}
        async with self.calls(OPERATOR_TOKEN) as calls:
            made = await calls.must("POST", "/v1/organizations", {"name": "Acme", "owner": owner})
        token = made["token"]["text"]
        async with self.calls(token) as calls:
            wish = {"name": "counted", "environment": "counter", "limits": {}}
            project = await calls.must("POST", "/v1/projects", wish)
        return Tenant(id=made["organization"]["id"], token=token, project=project["id"])

    async def activate(self, tenant: Tenant, *rules: str, at: int = 1) -> None:
        """Let rules hold in an organization, by one of the replicas."""
        wish = {"modules": modules("organization", *rules), "note": "as told", "activate": True}
        async with self.calls(tenant.token) as calls:
            await calls.must("POST", f"/v1/organizations/{tenant.id}/policies", wish, at=at)

    async def allowed_after_s(self, tenant: Tenant, *, at: int = 0) -> float:
        """Simulate until rules say what a step may, and return how long that took."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with self.calls(tenant.token) as calls, asyncio.timeout(WITHIN_S):
            for _ in count():
                if _allowed(await _simulated(calls, tenant, at=at)):
                    break
                await asyncio.sleep(PAUSE_S)
        return loop.time() - began_s


async def _simulated(calls: Calls, tenant: Tenant, *, at: int) -> Answer | None:
    step = {"action": "counter.increment", "inputs": {"by": 1}}
    path = f"/v1/projects/{tenant.project}/plans:simulate"
    return await calls.call("POST", path, {"plan": {"steps": [step]}}, at=at)


def _allowed(answer: Answer | None) -> bool:
    assert answer is not None
    assert answer.status == 200, answer.document
    return str(answer.document["status"]) != "refused"


@contextmanager
def a_site(urls: DatabaseUrls, redis_url: str) -> Iterator[Site]:
    """Run two replicas that ask an OPA which is not there yet."""
    needs_opa()
    opa_port = free_port()
    environ = {
        "PLANGATE_OPA_URL": f"http://{LOOPBACK}:{opa_port}",
        "PLANGATE_OPA_TIMEOUT_S": "5",
        "PLANGATE_BUNDLE_KEY": private_pem("ES256"),
        "PLANGATE_BUNDLE_KEY_ID": KEY_ID,
        "PLANGATE_BUNDLE_TOKEN": BUNDLE_TOKEN,
    }
    with ExitStack() as stack:
        first, second = (
            ApiServer(database_url=urls.app_url, redis_url=redis_url, environ=environ)
            for _ in range(2)
        )
        for server in (first, second):
            server.begin()
            stack.callback(server.kill)
        for server in (first, second):
            server.start()
        yield Site(servers=(first, second), opa_port=opa_port)
