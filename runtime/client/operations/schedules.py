"""Ask the operations on schedules of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.schedules import FiringOut, ScheduleChangeIn, ScheduleIn, ScheduleOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Schedules:
    """Ask the operations on schedules."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, project_id: str, *, limit: int | None = None) -> Iterator[ScheduleOut]:
        """Return the schedules of a project, the oldest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "schedules"),
                query={"limit": limit or PAGE},
            )
        )

    def create(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[ScheduleIn]
    ) -> ScheduleOut:
        """Let a plan come due by the clock; takes who administers the project."""
        answer: ScheduleOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "schedules"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def delete(
        self, project_id: str, schedule_id: str, *, idempotency_key: str | None = None
    ) -> ScheduleOut:
        """Delete a schedule and remove its service; what it executed stays in the history."""
        answer: ScheduleOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "schedules", schedule_id),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def read(self, project_id: str, schedule_id: str) -> ScheduleOut:
        """Return a schedule."""
        answer: ScheduleOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "schedules", schedule_id))
        )
        return answer

    def change(
        self,
        project_id: str,
        schedule_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[ScheduleChangeIn],
    ) -> ScheduleOut:
        """Change a schedule; other times hold from now on."""
        answer: ScheduleOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("projects", project_id, "schedules", schedule_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_firings(
        self, project_id: str, schedule_id: str, *, limit: int | None = None
    ) -> Iterator[FiringOut]:
        """Return when a schedule came due and what came of it, the newest first; 500 are kept."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "schedules", schedule_id, "firings"),
                query={"limit": limit or PAGE},
            )
        )

    def pause(
        self, project_id: str, schedule_id: str, *, idempotency_key: str | None = None
    ) -> ScheduleOut:
        """Let nothing come due until it is resumed; what waits to be tried again is given up."""
        answer: ScheduleOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "schedules", schedule_id, verb="pause"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def resume(
        self, project_id: str, schedule_id: str, *, idempotency_key: str | None = None
    ) -> ScheduleOut:
        """Let it come due again from now on; what passed meanwhile is left out."""
        answer: ScheduleOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "schedules", schedule_id, verb="resume"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
