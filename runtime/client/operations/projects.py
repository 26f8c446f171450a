"""Ask the operations on projects of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.projects import (
    ProjectChangeIn,
    ProjectIn,
    ProjectOut,
    ProjectUseOut,
    PurgedOut,
    PurgeIn,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Projects:
    """Ask the operations on projects."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Iterator[ProjectOut]:
        """Return the projects that the caller may see: owners see all."""
        return self._transport.pages(
            Request(method="GET", path=path_of("projects"), query={"limit": limit or PAGE})
        )

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[ProjectIn]
    ) -> ProjectOut:
        """Make a project, with the first state of its environment as version 0 of its history."""
        answer: ProjectOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read(self, project_id: str) -> ProjectOut:
        """Return a project."""
        answer: ProjectOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id))
        )
        return answer

    def change(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[ProjectChangeIn],
    ) -> ProjectOut:
        """Give a project another name or other limits; executions judged on the old ones fail."""
        answer: ProjectOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("projects", project_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_usage(self, project_id: str) -> ProjectUseOut:
        """Return what a project has used of each limit, and how long the rest will last."""
        answer: ProjectUseOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "usage"))
        )
        return answer

    def archive(self, project_id: str, *, idempotency_key: str | None = None) -> ProjectOut:
        """Let nothing in a project change from now on; its history stays readable."""
        answer: ProjectOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, verb="archive"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def purge(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[PurgeIn]
    ) -> PurgedOut:
        """Delete an archived project with its history, for ever; records of what was done stay."""
        answer: PurgedOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, verb="purge"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def restore(self, project_id: str, *, idempotency_key: str | None = None) -> ProjectOut:
        """Let an archived project change again."""
        answer: ProjectOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, verb="restore"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
