"""Say what webhook is wished for, or what is to change of one, and find what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import DeclarationError, WebhookFault, WebhookRefusedError
from runtime.domain.event_catalogue import MOST_WANTED, known_pattern
from runtime.domain.webhook import EndpointFilter, PayloadForm, SigningScheme, WebhookFormat
from runtime.domain.webhook_headers import headers_problem
from runtime.engine.webhook_condition import compile_condition
from runtime.kit.ids import IdError, parse_id
from runtime.ports.effect_failure import PermanentError
from runtime.ports.endpoint_check import EndpointCheck
from runtime.services.webhooks.rights import WebhookPlace
from runtime.store.projects import find_project

MOST_PROJECTS: Final = 50
"""Of one filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """Say what webhook is to be made.

    Attributes:
        url: where deliveries go.
        headers: sent along with each, by their names.
        scheme: how its first secret signs.
    """

    name: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    filter: EndpointFilter = field(default_factory=EndpointFilter)
    form: PayloadForm = PayloadForm.FULL
    format: WebhookFormat = WebhookFormat.STANDARD
    at_once: int = 8
    per_minute: int | None = None
    ordered: bool = False
    scheme: SigningScheme = SigningScheme.HMAC


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """Say what is to change of a webhook; None leaves a part as it is.

    Attributes:
        as_many_as_taken: it has no limit a minute from now on.
    """

    name: str | None = None
    url: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    filter: EndpointFilter | None = None
    form: PayloadForm | None = None
    format: WebhookFormat | None = None
    at_once: int | None = None
    per_minute: int | None = None
    as_many_as_taken: bool = False
    ordered: bool | None = None

    @property
    def sends_elsewhere(self) -> bool:
        """Say whether others hear afterwards, or of something else."""
        return any(item is not None for item in (self.url, self.filter, self.form))


def checked(
    check: EndpointCheck,
    place: WebhookPlace,
    *,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    wanted: EndpointFilter | None = None,
) -> str:
    """Return what people see of an address; empty where none is given.

    Raises:
        WebhookRefusedError: the address, the headers or the filter can't be used; nothing was
            looked up.
    """
    faults, shown = list[WebhookFault](), ""
    if url is not None:
        try:
            shown = check.place(url)
        except PermanentError as error:
            faults.append(WebhookFault(pointer="/url", problem=error.reason))
    if headers is not None and (problem := headers_problem(headers)) is not None:
        faults.append(WebhookFault(pointer="/headers", problem=problem))
    if wanted is not None:
        faults += _faults_of(wanted, place)
    if faults:
        raise WebhookRefusedError(faults)
    return shown


async def require_projects(connection: AsyncConnection, wanted: EndpointFilter) -> None:
    """Refuse a filter that names a project which the organization has not.

    Raises:
        WebhookRefusedError: it does.
    """
    unknown = [
        number
        for number, project_id in enumerate(wanted.projects)
        if await find_project(connection, project_id) is None
    ]
    if unknown:
        raise WebhookRefusedError([_no_project(number) for number in unknown])


def _faults_of(wanted: EndpointFilter, place: WebhookPlace) -> Iterator[WebhookFault]:
    if len(wanted.types) > MOST_WANTED:
        yield WebhookFault(
            pointer="/filter/types",
            problem=f"there are {len(wanted.types)}, expected at most {MOST_WANTED}",
        )
    for number, pattern in enumerate(wanted.types[:MOST_WANTED]):
        if not known_pattern(pattern):
            problem = (
                f"'{pattern[:80]}' is no type of event, expected one of GET /v1/event-types or all "
                "of a group such as plan.*"
            )
            yield WebhookFault(pointer=f"/filter/types/{number}", problem=problem)
    yield from _faults_of_projects(wanted, place)
    if wanted.condition:
        try:
            compile_condition(wanted.condition)
        except DeclarationError as error:
            yield WebhookFault(pointer="/filter/condition", problem="; ".join(error.problems))


def _faults_of_projects(wanted: EndpointFilter, place: WebhookPlace) -> Iterator[WebhookFault]:
    if wanted.projects and place.project_id is not None:
        problem = "a webhook of a project hears of that one alone; leave the list empty"
        yield WebhookFault(pointer="/filter/projects", problem=problem)
        return
    if len(wanted.projects) > MOST_PROJECTS:
        problem = f"there are {len(wanted.projects)}, expected at most {MOST_PROJECTS}"
        yield WebhookFault(pointer="/filter/projects", problem=problem)
        return
    for number, project_id in enumerate(wanted.projects):
        try:
            parse_id(project_id, "prj")
        except IdError:
            yield _no_project(number)


def _no_project(number: int) -> WebhookFault:
    return WebhookFault(
        pointer=f"/filter/projects/{number}", problem="no such project that you may see"
    )
