"""Answer with a webhook and its new secret: a repetition of the request does not show it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from runtime.domain.webhook import Endpoint, EndpointSecret
from runtime.services.unit_of_work import Answer
from runtime.services.webhooks.documents import endpoint_document, secret_document


def shown_once(endpoint: Endpoint, secrets: Sequence[EndpointSecret], text: str | None) -> Answer:
    """Return the answer that shows a secret, and the one that is kept and does not."""
    document = {
        **endpoint_document(endpoint),
        "secrets": [secret_document(secret) for secret in secrets],
    }
    return Answer(
        document={**document, "secret": text},
        status=HTTPStatus.CREATED,
        kept={**document, "secret": None},
    )
