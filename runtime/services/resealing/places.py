"""List every column that holds sealed texts, with what each text is bound to: the one registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.domain.hook import HookPlace, spelled_address
from runtime.services.audit.subject_keys import wrapping_of
from runtime.services.webhooks.sealing import headers_of, secret_of, url_of
from runtime.store.audit_payload_keys import AuditPayloadKeyRow
from runtime.store.hooks import HookSecretRow
from runtime.store.sealed_rows import SealedColumn, SealedText
from runtime.store.webhook_endpoints import EndpointRow
from runtime.store.webhook_secrets import EndpointSecretRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlace:
    """Say where texts are stored sealed.

    Attributes:
        column: where.
        binding: makes of an organization and what the row says what a text is bound to.
    """

    column: SealedColumn
    binding: Callable[[str, str], str]

    @property
    def name(self) -> str:
        """Return the column as SQL names it."""
        return f"{self.column.table}.{self.column.column}"

    def bound_to(self, organization_id: str, found: SealedText) -> str:
        """Return what a text that was found there is bound to."""
        return self.binding(organization_id, found.bound_by)


def _address(organization_id: str, hook_id: str) -> str:
    return spelled_address(HookPlace(organization_id=organization_id, hook_id=hook_id))


PLACES: Final = (
    SealedPlace(
        column=SealedColumn(table=EndpointRow.__tablename__, column="sealed_url"),
        binding=lambda _, endpoint_id: url_of(endpoint_id),
    ),
    SealedPlace(
        column=SealedColumn(table=EndpointRow.__tablename__, column="sealed_headers"),
        binding=lambda _, endpoint_id: headers_of(endpoint_id),
    ),
    SealedPlace(
        column=SealedColumn(table=EndpointSecretRow.__tablename__, column="sealed"),
        binding=lambda _, secret_id: secret_of(secret_id),
    ),
    SealedPlace(
        column=SealedColumn(table=HookSecretRow.__tablename__, column="sealed", bound_by="hook_id"),
        binding=_address,
    ),
    SealedPlace(
        column=SealedColumn(table=AuditPayloadKeyRow.__tablename__, column="wrapped"),
        binding=wrapping_of,
    ),
)
"""All of them."""
