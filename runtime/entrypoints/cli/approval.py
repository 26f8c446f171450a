"""Declare `plangate approval`: see what waits for the yes of others, and say it.

Nobody says yes to what they have not seen: a vote names the plan's digest, or the plan is shown and
the person at the terminal is asked.
"""

from __future__ import annotations

import sys
from typing import Annotated, Final, Literal, TypeAlias

import typer

from runtime.client.documents.approvals import ApprovalStatus, VotedApprovalOut
from runtime.entrypoints.cli.approval_lines import (
    LISTED,
    VOTED,
    hint_lines,
    listed,
    request_lines,
    voted,
)
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError
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

GRANT: Final = "Grant this very plan?"
OVERRIDE: Final = "Put the approval of others aside for this very plan?"

Status: TypeAlias = Literal[ApprovalStatus, "all"]
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
    ] = "pending",
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")
    ] = None,
) -> None:
    """List who waits for whose yes to what, the oldest first."""
    wanted = None if status == "all" else status
    every = api.platform.approvals.list(project_id(api, project), status=wanted)
    found = api.first(every, limit)
    if api.as_json:
        api.show_all(found, LISTED)
        return
    people, now = People(api), SystemClock().now()
    api.show_all([listed(item, people, now=now) for item in found], LISTED)


@command(app)
def show(api: Api, approval: Request, *, project: Project = None) -> None:
    """Show a request with its plan, what was said to it, and the digest that a vote names."""
    found = api.platform.approvals.read(project_id(api, project), approval)
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
    where = project_id(api, project)
    seen = digest or _shown(api, where, approval, question=None if yes else GRANT)
    said = api.platform.approvals.grant(where, approval, plan_digest=seen, reason=reason)
    _conclude(api, said)


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
    where = project_id(api, project)
    seen = digest or _shown(api, where, approval, question=None)
    _conclude(api, api.platform.approvals.deny(where, approval, plan_digest=seen, reason=reason))


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
    where = project_id(api, project)
    seen = digest or _shown(api, where, approval, question=None if yes else OVERRIDE)
    said = api.platform.approvals.override(where, approval, plan_digest=seen, reason=reason)
    _conclude(api, said)


@command(app)
def withdraw(api: Api, approval: Request, *, project: Project = None) -> None:
    """Take your own request back."""
    _conclude(api, api.platform.approvals.withdraw(project_id(api, project), approval))


def _shown(api: Api, where: str, approval: str, *, question: str | None) -> str:
    """Show a plan, and return its digest once the person says that they mean it.

    Args:
        api: where to ask.
        where: the project.
        approval: the request.
        question: what they are asked; None: nothing.

    Raises:
        CommandError: they don't, or there is nobody to ask.
    """
    if question is not None and not sys.stdin.isatty():
        raise CommandError(
            "nobody is here to be asked, and nothing was said to the request; see it by "
            f"`plangate approval show {approval}`, and name what you saw as --digest, or give "
            "--yes",
            exit_code=USAGE,
        )
    found = api.platform.approvals.read(where, approval)
    api.say(_told(api, found))
    if question is not None:
        _ask(question)
    return found["plan_digest"]


def _ask(question: str) -> None:
    try:
        meant = typer.confirm(question, err=True)
    except typer.Abort:
        meant = False
    if not meant:
        raise CommandError("nothing was said to the request", exit_code=REFUSED)


def _told(api: Api, request: VotedApprovalOut) -> str:
    return "\n".join(request_lines(request, People(api), now=SystemClock().now()))


def _conclude(api: Api, document: VotedApprovalOut) -> None:
    if api.as_json:
        api.print_json(document)
        return
    api.show(voted(document), VOTED)
    for line in hint_lines(document, now=SystemClock().now()):
        api.say(line)
