"""Outbound webhooks that can't be kept as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.domain.errors.base import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFault:
    """Point at one part of a webhook that can't be used.

    Attributes:
        pointer: where it stands in the request, such as `/url`.
        problem: what is wrong, and what is expected; never a value that could be a secret.
    """

    pointer: str
    problem: str


class WebhookRefusedError(DomainError):
    """A webhook whose address, headers or filter can't be used; it lists every fault found."""

    code = "webhook_refused"

    def __init__(self, faults: Sequence[WebhookFault]) -> None:
        """Collect the faults."""
        self.faults = tuple(faults)
        told = "; ".join(f"{fault.pointer}: {fault.problem}" for fault in self.faults)
        super().__init__(f"the webhook can't be used as it is: {told}")
