"""Ask the operations on jobs of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.jobs import (
    JobCancelIn,
    JobSummaryOut,
    QueueLimitsIn,
    QueueOut,
    QueuePauseIn,
    QueueSettingsOut,
    RedriveIn,
    RedrivenOut,
)
from runtime.client.documents.kinds import EndCause, JobKind, JobStatus
from runtime.client.documents.shared import JobOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Jobs:
    """Ask the operations on jobs."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list_given_up_jobs(
        self,
        organization_id: str,
        *,
        limit: int | None = None,
        status: JobStatus | None = None,
        kind: JobKind | None = None,
        name: str | None = None,
        cause: EndCause | None = None,
        outcome: str | None = None,
    ) -> Iterator[JobSummaryOut]:
        """Return what the organization's projects gave up, the newest first; for owners."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "jobs"),
                query={
                    "limit": limit or PAGE,
                    "status": status,
                    "kind": kind,
                    "name": name,
                    "cause": cause,
                    "outcome": outcome,
                },
            )
        )

    def read_organization_queue(self, organization_id: str) -> QueueOut:
        """Return what holds an organization's jobs back, and how many there are; for owners."""
        answer: QueueOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "queue"))
        )
        return answer

    def limit_organization_queue(
        self,
        organization_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[QueueLimitsIn],
    ) -> QueueSettingsOut:
        """Bound how many of an organization's jobs run at once and start in a minute."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("organizations", organization_id, "queue"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def pause_organization_queue(
        self,
        organization_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[QueuePauseIn],
    ) -> QueueSettingsOut:
        """Let none of an organization's jobs start any more; for owners."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "queue", verb="pause"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def resume_organization_queue(
        self, organization_id: str, *, idempotency_key: str | None = None
    ) -> QueueSettingsOut:
        """Let an organization's jobs start again; for owners."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "queue", verb="resume"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def list(
        self,
        project_id: str,
        *,
        limit: int | None = None,
        status: JobStatus | None = None,
        kind: JobKind | None = None,
        name: str | None = None,
        cause: EndCause | None = None,
        outcome: str | None = None,
    ) -> Iterator[JobSummaryOut]:
        """Return the jobs of a project, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "jobs"),
                query={
                    "limit": limit or PAGE,
                    "status": status,
                    "kind": kind,
                    "name": name,
                    "cause": cause,
                    "outcome": outcome,
                },
            )
        )

    def read(self, project_id: str, job_id: str) -> JobOut:
        """Return a job with what came of it."""
        answer: JobOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "jobs", job_id))
        )
        return answer

    def cancel(
        self,
        project_id: str,
        job_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[JobCancelIn],
    ) -> JobOut:
        """Cancel a job that waits. One that runs is asked to end, which it does within seconds."""
        answer: JobOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "jobs", job_id, verb="cancel"),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer

    def redrive_job(
        self, project_id: str, job_id: str, *, idempotency_key: str | None = None
    ) -> JobOut:
        """Try a job again that was given up, with all its attempts before it."""
        answer: JobOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "jobs", job_id, verb="redrive"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def redrive_jobs(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[RedriveIn]
    ) -> RedrivenOut:
        """Try jobs again that were given up, with all their attempts before them."""
        answer: RedrivenOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "jobs", verb="redrive"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_queue(self, project_id: str) -> QueueOut:
        """Return what holds a project's jobs back, and how many there are."""
        answer: QueueOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "queue"))
        )
        return answer

    def limit_queue(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[QueueLimitsIn]
    ) -> QueueSettingsOut:
        """Bound how many of a project's jobs run at once and start in a minute."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("projects", project_id, "queue"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def pause_queue(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[QueuePauseIn]
    ) -> QueueSettingsOut:
        """Let none of a project's jobs start any more; what runs goes on."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "queue", verb="pause"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def resume_queue(
        self, project_id: str, *, idempotency_key: str | None = None
    ) -> QueueSettingsOut:
        """Let a project's jobs start again."""
        answer: QueueSettingsOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "queue", verb="resume"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
