"""Ask the operations on state of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.state import (
    DifferenceOut,
    ReversionIn,
    ReversionOut,
    SnapshotOut,
    StateOut,
    VerifiedOut,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class State:
    """Ask the operations on state."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list_snapshots(self, project_id: str, *, limit: int | None = None) -> Iterator[SnapshotOut]:
        """Return the versions of the state, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "snapshots"),
                query={"limit": limit or PAGE},
            )
        )

    def read_snapshot(self, project_id: str, version: str) -> SnapshotOut:
        """Return one version, with its difference to the one before."""
        answer: SnapshotOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "snapshots", version))
        )
        return answer

    def read(
        self, project_id: str, *, version: int | None = None, at: str | None = None
    ) -> StateOut:
        """Return the state as it stands, or as it stood; earlier states are rebuilt and proven."""
        answer: StateOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of("projects", project_id, "state"),
                query={"version": version, "at": at},
            )
        )
        return answer

    def compare_states(self, project_id: str, *, before: int, after: int) -> DifferenceOut:
        """Return what leads from one version to another, either way."""
        answer: DifferenceOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of("projects", project_id, "state", verb="diff"),
                query={"before": before, "after": after},
            )
        )
        return answer

    def revert(
        self,
        project_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        **body: Unpack[ReversionIn],
    ) -> ReversionOut:
        """Make the state of an earlier version the newest version; nothing of the history goes."""
        answer: ReversionOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "state", verb="revert"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"If-Match": if_match},
            )
        )
        return answer

    def verify(self, project_id: str) -> VerifiedOut:
        """Rebuild the whole history and compare every hash; it may take a while."""
        answer: VerifiedOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "state", verb="verify"))
        )
        return answer
