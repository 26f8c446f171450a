"""Read what waits and what runs in one project: approvals and jobs."""

from __future__ import annotations

import strawberry

from runtime.domain.approval_request import ApprovalStatus
from runtime.domain.job import EndCause, JobKind, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.inputs import MOST_FILTER_TEXT, one_of, text_of, unfit
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.work import (
    Approval,
    Job,
    approval_listed,
    approval_shown,
    job_listed,
    job_shown,
)
from runtime.kit.ids import IdError, parse_id


@strawberry.type
class WorkContents(InProject):
    """Read what waits and what runs."""

    @field(description="Requests that others approve plans, the oldest first.")
    async def approvals(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        status: str | None = None,
    ) -> Connection[Approval] | None:
        """Return requests."""
        page, project = page_of(first, after), self.project_id
        wanted = one_of(ApprovalStatus, status, argument="status")
        found = await asked(
            info,
            lambda services, context: services.approvals.after(
                context, project, page.after_text, limit=page.limit + 1, status=wanted
            ),
        )
        info.context.expect_members(item.approval.requester for item in found)
        info.context.expect_outcomes(project, (item.approval.outcome_id for item in found))
        return await connected(
            found, page, key_of=lambda item: item.approval.id, shown=approval_listed
        )

    @field(description="One request, with the votes on it.")
    async def approval(self, info: Info, id: strawberry.ID) -> Approval | None:  # noqa: A002  # as above
        """Return a request."""
        project = self.project_id
        return approval_shown(
            await asked(
                info,
                lambda services, context: services.approvals.read(context, project, id),
            )
        )

    @field(description="Jobs, the newest first.")
    async def jobs(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        status: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        cause: str | None = None,
        outcome: strawberry.ID | None = None,
    ) -> Connection[Job] | None:
        """Return jobs."""
        page, project = page_of(first, after), self.project_id
        wanted = JobFilter(
            statuses=_only(one_of(JobStatus, status, argument="status")),
            kind=one_of(JobKind, kind, argument="kind"),
            name=text_of(name, argument="name", most=MOST_FILTER_TEXT),
            cause=one_of(EndCause, cause, argument="cause"),
            outcome_id=_outcome_id(outcome),
        )
        found = await asked(
            info,
            lambda services, context: services.jobs.before(
                context, project, before=page.after_text, limit=page.limit + 1, wanted=wanted
            ),
        )
        info.context.expect_members(item.principal_id for item in found)
        return await connected(found, page, key_of=lambda item: item.id, shown=job_listed)

    @field(description="One job, with what came of it.")
    async def job(self, info: Info, id: strawberry.ID) -> Job | None:  # noqa: A002  # as above
        """Return a job."""
        project = self.project_id
        return job_shown(
            await asked(info, lambda services, context: services.jobs.read(context, project, id))
        )


def _only(status: JobStatus | None) -> frozenset[JobStatus]:
    return frozenset() if status is None else frozenset({status})


def _outcome_id(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        parse_id(text, "out")
    except IdError as error:
        raise unfit("outcome", str(error)) from None
    return text
