"""Hold what people do with webhooks, wired."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.webhooks.deliveries import EndpointDeliveries
from runtime.services.webhooks.endpoints import Endpoints
from runtime.services.webhooks.secrets import EndpointSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Offer the use cases of webhooks by noun."""

    endpoints: Endpoints
    secrets: EndpointSecrets
    deliveries: EndpointDeliveries
