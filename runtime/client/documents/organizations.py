"""Spell the documents of operations on organizations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.kinds import BudgetScope, LimitMeasure, LimitStatus, Scope
from runtime.client.documents.shared import LimitUseOut, MembersMemberOut

BudgetMeasure: TypeAlias = Literal["actions", "units", "tokens", "money"]
"""Name what a budget counts; money is in millionths of the organization's currency."""

BudgetSpan: TypeAlias = Literal["day", "month"]
"""Name how long a budget has to last."""

RateSpan: TypeAlias = Literal["minute", "hour"]
"""Name the span in which a rate counts."""


class Budget(TypedDict):
    """Say how much may be used a day or a month."""

    measure: BudgetMeasure
    most: int
    per: BudgetSpan
    scope: BudgetScope
    subject: NotRequired[str | None]


class FirstTokenOut(TypedDict):
    """Describe the owner's first token; `text` is null where a request is repeated."""

    created_at: str
    id: str
    name: str
    scopes: list[Scope]
    text: str | None


class NewOrganizationOut(TypedDict):
    """Describe a new organization, its owner, and the token that they begin with."""

    organization: OrganizationsOrganizationOut
    owner: MembersMemberOut
    token: FirstTokenOut


class OrganizationIn(TypedDict):
    """Say how a new organization is called, and who owns it."""

    name: str
    owner: OwnerIn


class OrganizationLimits(TypedDict):
    """State what an organization allows across its projects; nothing is no limit."""

    budgets: NotRequired[list[Budget]]
    currency: NotRequired[str]
    rates: NotRequired[list[RateLimit]]
    zone: NotRequired[str]


class OrganizationLimitsOut(TypedDict):
    """Show the limits that hold in an organization; `ETag` is their number."""

    limits: OrganizationLimits
    number: int
    organization: str
    set_at: str | None
    set_by: str | None


class OrganizationUseOut(TypedDict):
    """Describe what an organization's projects have used together."""

    as_of: str
    budgets: list[SharedUseOut]
    currency: str
    number: int
    rates: list[SharedUseOut] | None
    zone: str


class OrganizationsOrganizationOut(TypedDict):
    """Describe an organization; nothing in it changes while it is archived."""

    archived_at: str | None
    created_at: str
    id: str
    name: str


class OwnerIn(TypedDict):
    """Say who owns a new organization."""

    display_name: str
    email: str


class ProjectRollUpOut(TypedDict):
    """Describe what one project has used of its own limits, as its own usage tells."""

    archived: bool
    day: str
    day_zone: str
    limits: list[LimitUseOut]
    name: str
    project: str


class RateLimit(TypedDict):
    """Say how many actions may be done in any minute or hour."""

    most: int
    per: RateSpan
    scope: BudgetScope
    subject: NotRequired[str | None]


class RenamingIn(TypedDict):
    """Say how an organization is called from now on."""

    name: str


class SharedUseOut(TypedDict):
    """Describe the use of one limit that projects share."""

    burn_rate_per_hour: float | None
    exhausted_at: str | None
    left: int | None
    limit: int | None
    measure: LimitMeasure
    percent: int
    resets_at: str
    scope: BudgetScope
    status: LimitStatus
    subject: str | None
    used: int
