"""Name every way on which a tenant, or a party that it named, can say where a request goes.

Each takes an address and asks for it as the product does, so that one corpus runs over all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from runtime.adapters.egress.client import EgressClient
from runtime.adapters.oidc.fetch import IssuerClient
from runtime.domain.errors import IdentityRefusedError
from runtime.kit.clock import FixedClock
from runtime.kit.webhook_keys import private_key, shared_secret
from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.ports.effect import EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpCall
from tests.effects import TableSecrets, a_call
from tests.egress import NOW

Way = Callable[[EgressClient, str], Awaitable[object]]
REFUSALS: Final = (IdentityRefusedError, PermanentError, RetryableError)


async def by_webhook(egress: EgressClient, url: str) -> object:
    """Deliver an event, signed by both schemes."""
    return await egress.send(
        HttpCall(
            method="POST",
            url=url,
            headers={"Content-Type": "application/json"},
            body=b'{"type":"plan.executed"}',
            signing_secrets=(private_key(bytes(32)), shared_secret(bytes(32))),
            message_id="evt_1",
            timeout_s=5,
        )
    )


async def by_effect(egress: EgressClient, url: str) -> object:
    """Call a service after a commit."""
    tools = EffectTools(clock=FixedClock(NOW), egress=egress, secrets=TableSecrets())
    return await HTTP_CALL.handler(a_call({"url": url, "timeout_s": 5}), tools)


async def by_issuer_s_documents(egress: EgressClient, url: str) -> object:
    """Fetch the discovery document, or the keys, of an identity provider."""
    return await IssuerClient(egress).get(url)


async def by_token_endpoint(egress: EgressClient, url: str) -> object:
    """Redeem a code, with the secret of the client."""
    form = {"code": "c", "client_secret": "hunter2"}
    return await IssuerClient(egress).post_form(url, form, headers={})


WAYS: Final[Mapping[str, Way]] = MappingProxyType(
    {
        "webhook": by_webhook,
        "http.call": by_effect,
        "discovery and keys": by_issuer_s_documents,
        "token endpoint": by_token_endpoint,
    }
)
