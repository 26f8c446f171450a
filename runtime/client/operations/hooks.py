"""Ask the operations on hooks of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.hooks import (
    HookChangeIn,
    HookDeliveryOut,
    HookDetailOut,
    HookIn,
    HookOut,
    HookRotationIn,
    HookTrialIn,
    HookTrialOut,
    NewHookOut,
    TakenOut,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Hooks:
    """Ask the operations on hooks."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def take_delivery(self, address: str, body: object) -> TakenOut:
        """Take a delivery that is signed with a secret of the hook, and act on it once."""
        answer: TakenOut = self._transport.ask(
            Request(method="POST", path=path_of("hooks", address), body=body)
        )
        return answer

    def list(self, project_id: str, *, limit: int | None = None) -> Iterator[HookOut]:
        """Return the hooks of a project."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "hooks"),
                query={"limit": limit or PAGE},
            )
        )

    def create(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[HookIn]
    ) -> NewHookOut:
        """Make a hook; the answer is the only place that ever shows its secret."""
        answer: NewHookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "hooks"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def remove(
        self, project_id: str, hook_id: str, *, idempotency_key: str | None = None
    ) -> HookOut:
        """Forget a hook, its secrets and what was delivered to it."""
        answer: HookOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "hooks", hook_id),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def read(self, project_id: str, hook_id: str) -> HookDetailOut:
        """Return a hook, and since when and until when its secrets fit."""
        answer: HookDetailOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "hooks", hook_id))
        )
        return answer

    def change(
        self,
        project_id: str,
        hook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[HookChangeIn],
    ) -> HookOut:
        """Give a hook another name or mapping, or let its deliveries act or not."""
        answer: HookOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("projects", project_id, "hooks", hook_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_deliveries(
        self, project_id: str, hook_id: str, *, limit: int | None = None
    ) -> Iterator[HookDeliveryOut]:
        """Return what was delivered to a hook, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "hooks", hook_id, "deliveries"),
                query={"limit": limit or PAGE},
            )
        )

    def rotate_secret(
        self,
        project_id: str,
        hook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[HookRotationIn],
    ) -> NewHookOut:
        """Give a hook a new secret; until the overlap has passed, the one before fits as well."""
        answer: NewHookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "hooks", hook_id, verb="rotate"),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer

    def simulate_delivery(
        self,
        project_id: str,
        hook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[HookTrialIn],
    ) -> HookTrialOut:
        """Return the plan that a body would become; nothing is stored or executed."""
        answer: HookTrialOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "hooks", hook_id, verb="simulate"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
