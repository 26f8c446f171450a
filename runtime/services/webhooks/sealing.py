"""Say what the secret parts of an endpoint are sealed for: none opens in another's place."""

from __future__ import annotations


def url_of(endpoint_id: str) -> str:
    """Return what the address of an endpoint is bound to."""
    return f"{endpoint_id}/url"


def headers_of(endpoint_id: str) -> str:
    """Return what the headers of an endpoint, a JSON object of texts, are bound to."""
    return f"{endpoint_id}/headers"


def secret_of(secret_id: str) -> str:
    """Return what a secret is bound to."""
    return secret_id
