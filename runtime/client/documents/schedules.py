"""Spell the documents of operations on schedules, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.kinds import Mode, ProjectRole
from runtime.client.documents.shared import PlanIn

CatchUp: TypeAlias = Literal["none", "last", "all"]
"""Say what becomes of instants that were missed: nothing, the last one, or all of them."""

FiringStatus: TypeAlias = Literal["waiting", "done", "refused", "failed", "abandoned"]
"""Say what became of a firing: its outcome's status, or that it has none."""


class FiringOut(TypedDict):
    """Describe one time at which a schedule came due."""

    created_at: str
    ended_at: str | None
    id: str
    instant: str
    outcome: str | None
    reason: str | None
    schedule: str
    status: FiringStatus
    tries: int


class ScheduleChangeIn(TypedDict):
    """Say what changes; what is left out, or null, stays."""

    atomic: NotRequired[bool | None]
    catch_up: NotRequired[CatchUp | None]
    cron: NotRequired[str | None]
    jitter_s: NotRequired[int | None]
    name: NotRequired[str | None]
    plan: NotRequired[PlanIn | None]
    zone: NotRequired[str | None]


class ScheduleGrantIn(TypedDict):
    """Say what the service that executes a schedule may do in the project, as a member's grant."""

    extra_roles: NotRequired[list[str]]
    mode: NotRequired[Mode]
    role: NotRequired[ProjectRole]


class ScheduleIn(TypedDict):
    """Say which plan comes due when."""

    atomic: NotRequired[bool]
    catch_up: NotRequired[CatchUp]
    cron: str
    grant: NotRequired[ScheduleGrantIn]
    jitter_s: NotRequired[int]
    name: str
    plan: PlanIn
    zone: NotRequired[str]


class ScheduleOut(TypedDict):
    """Describe a schedule."""

    atomic: bool
    catch_up: CatchUp
    created_at: str
    created_by: str
    cron: str
    id: str
    jitter_s: int
    name: str
    next_at: str | None
    paused_at: str | None
    plan: PlanIn
    principal: str
    project: str
    zone: str
