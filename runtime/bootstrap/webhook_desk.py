"""Wire what people do with webhooks; who sends to them is wired beside the workers."""

from __future__ import annotations

from runtime.adapters.egress.endpoint_check import RulesCheck
from runtime.bootstrap.egress import egress_rules
from runtime.ports.seal import Seal
from runtime.services.context import Ids
from runtime.services.webhooks.deliveries import EndpointDeliveries
from runtime.services.webhooks.endpoints import Endpoints
from runtime.services.webhooks.secrets import EndpointSecrets
from runtime.services.webhooks.webhooks import Webhooks
from runtime.store.session import Database


def webhook_desk(allow: str, *, database: Database, ids: Ids, seal: Seal) -> Webhooks:
    """Return the use cases.

    Args:
        allow: `PLANGATE_EGRESS_ALLOW`, by which addresses are judged when they are stated.
        database: where webhooks are kept.
        ids: makes ids, and tells the time.
        seal: keeps addresses, headers and secrets.

    Raises:
        SettingsError: the list can't be read.
    """
    secrets = EndpointSecrets(database=database, ids=ids, seal=seal)
    return Webhooks(
        endpoints=Endpoints(
            database=database,
            ids=ids,
            seal=seal,
            check=RulesCheck(egress_rules(allow)),
            secrets=secrets,
        ),
        secrets=secrets,
        deliveries=EndpointDeliveries(database=database, ids=ids),
    )
