"""Declare `plangate approval`: see what waits for the yes of others, and say it.

Nobody says yes to what they have not seen: a vote names the plan's digest, or the plan is shown and
the person at the terminal is asked.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.approval_lines import (
    LISTED,
    VOTED,
    hint_lines,
    listed,
    request_lines,
    voted,
)
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, Document
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import project_id
from runtime.entrypoints.cli.people import People
from runtime.kit.clock import SystemClock

app = typer.Typer(
    name="approval",
    help="See which plans wait for the yes of others, and say it.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

_ASKED: Final = {
    "grant": "Grant this very plan?",
    "override": "Put the approval of others aside for this very plan?",
}


class Status(StrEnum):
    """Name which requests are listed."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    USED = "used"
    EXPIRED = "expired"
    ALL = "all"


Request = Annotated[str, typer.Argument(metavar="APPROVAL", help="Its id, such as apr_...")]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept for ever.")]
Digest = Annotated[
    str | None,
    typer.Option(metavar="DIGEST", help="Of the plan that you saw. [it is shown, you are asked]"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Show the plan, and ask nothing.")]


@command(app, "list")
def list_(
    api: Api,
    *,
    project: Project = None,
    status: Annotated[
        Status, typer.Option(case_sensitive=False, help="Those of which this became.")
    ] = Status.PENDING,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")
    ] = None,
) -> None:
    """List who waits for whose yes to what, the oldest first."""
    where = ("projects", project_id(api, project), "approvals")
    wanted = None if status is Status.ALL else status.value
    found = api.items(*where, most=limit, status=wanted)
    if not api.as_json:
        people, now = People(api), SystemClock().now()
        found = [listed(item, people, now=now) for item in found]
    api.show_all(found, LISTED)


@command(app)
def show(api: Api, approval: Request, *, project: Project = None) -> None:
    """Show a request with its plan, what was said to it, and the digest that a vote names."""
    found = api.get(*_place(api, approval, project))
    if api.as_json:
        api.print_json(found)
    else:
        typer.echo(_told(api, found))


@command(app)
def grant(
    api: Api,
    approval: Request,
    *,
    reason: Reason,
    digest: Digest = None,
    yes: Yes = False,
    project: Project = None,
) -> None:
    """Say yes to a plan that somebody else wants to execute."""
    _vote(api, _place(api, approval, project), verb="grant", reason=reason, digest=digest, yes=yes)


@command(app)
def deny(
    api: Api,
    approval: Request,
    *,
    reason: Reason,
    digest: Digest = None,
    project: Project = None,
) -> None:
    """Say no to a plan; one no ends the request."""
    _vote(api, _place(api, approval, project), verb="deny", reason=reason, digest=digest, yes=True)


@command(app)
def override(
    api: Api,
    approval: Request,
    *,
    reason: Reason,
    digest: Digest = None,
    yes: Yes = False,
    project: Project = None,
) -> None:
    """Put the approval of others aside, in an emergency; it takes two who administer the project.

    The second one comes within 15 minutes, and for 15 minutes from then the plan can be executed.
    """
    where = _place(api, approval, project)
    _vote(api, where, verb="override", reason=reason, digest=digest, yes=yes)


@command(app)
def withdraw(api: Api, approval: Request, *, project: Project = None) -> None:
    """Take your own request back."""
    _conclude(api, api.post(*_place(api, approval, project), verb="withdraw"))


def _place(api: Api, approval: str, project: str | None) -> tuple[str, ...]:
    return ("projects", project_id(api, project), "approvals", approval)


def _vote(
    api: Api, where: tuple[str, ...], *, verb: str, reason: str, digest: str | None, yes: bool
) -> None:
    """Vote on the plan that a person named or is shown now."""
    seen = digest or _shown(api, where, verb=verb, yes=yes)
    body = {"plan_digest": seen, "reason": reason}
    _conclude(api, api.post(*where, verb=verb, body=body))


def _shown(api: Api, where: tuple[str, ...], *, verb: str, yes: bool) -> str:
    """Show a plan, and return its digest once the person says that they mean it.

    Raises:
        CommandError: they don't, or there is nobody to ask.
    """
    if not yes and not sys.stdin.isatty():
        raise CommandError(
            "nobody is here to be asked, and nothing was said to the request; see it by "
            f"`plangate approval show {where[-1]}`, and name what you saw as --digest, or give "
            "--yes",
            exit_code=USAGE,
        )
    found = api.get(*where)
    api.say(_told(api, found))
    if not yes:
        _ask(_ASKED[verb])
    digest: str = found["plan_digest"]
    return digest


def _ask(question: str) -> None:
    try:
        meant = typer.confirm(question, err=True)
    except typer.Abort:
        meant = False
    if not meant:
        raise CommandError("nothing was said to the request", exit_code=REFUSED)


def _told(api: Api, request: Document) -> str:
    return "\n".join(request_lines(request, People(api), now=SystemClock().now()))


def _conclude(api: Api, document: Document) -> None:
    if api.as_json:
        api.print_json(document)
        return
    api.show(voted(document), VOTED)
    for line in hint_lines(document, now=SystemClock().now()):
        api.say(line)
