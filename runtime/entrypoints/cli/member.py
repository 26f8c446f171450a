"""Declare `plangate member`: who belongs to an organization, and what they may do in projects."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.client.documents.invitations import InvitationIn
from runtime.client.documents.kinds import Mode, OrganizationRole, ProjectRole
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import member_id, project_id
from runtime.entrypoints.cli.shown_once import warn_if_lost

app = typer.Typer(
    name="member",
    help="Keep people and services, and their roles.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "display_name",
    "KIND": "kind",
    "ROLE": "organization_role",
    "EMAIL": "email",
    "LOGS IN": "logs_in",
    "REMOVED": "removed_at",
}
MEMBERSHIP: Final = {
    "MEMBER": "member",
    "PROJECT": "project",
    "ROLE": "role",
    "EXTRA ROLES": "extra_roles",
    "MODE": "mode",
    "SINCE": "created_at",
}
INVITATION: Final = {
    "ID": "id",
    "EMAIL": "email",
    "ROLE": "organization_role",
    "PROJECT": "project",
    "PROJECT ROLE": "role",
    "EXPIRES": "expires_at",
    "INVITATION": "text",
}
DAY_S: Final = 86_400
MOST_DAYS: Final = 30

Member = Annotated[
    str, typer.Argument(metavar="MEMBER", help="Their id, e-mail address or exact name.")
]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]


@command(app, "list")
def list_(
    api: Api,
    *,
    project: Annotated[
        str | None,
        typer.Option(metavar="PROJECT", help="Those with a role in it. [all of the organization]"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")
    ] = None,
) -> None:
    """List the members of your organization, or those of a project with their roles."""
    if project is None:
        api.show_all(api.first(api.platform.members.list(), limit), COLUMNS)
        return
    found = api.platform.memberships.list(project_id(api, project))
    api.show_all(api.first(found, limit), MEMBERSHIP)


@command(app)
def add_service(
    api: Api, name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
) -> None:
    """Add a service, which acts by tokens and confirms nothing."""
    api.show(api.platform.members.create(kind="service", display_name=name), COLUMNS)


@command(app)
def invite(
    api: Api,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Who.")],
    *,
    organization_role: Annotated[
        OrganizationRole, typer.Option(help="What they are in the organization.")
    ] = "member",
    project: Annotated[
        str | None, typer.Option(metavar="PROJECT", help="Give them a role in it as well.")
    ] = None,
    role: Annotated[
        ProjectRole | None, typer.Option(help="Which role that is; goes with --project.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, metavar="N", help="How long they may take.")
    ] = 7,
) -> None:
    """Invite a person, and show the invitation's text this once, for you to hand on."""
    body: InvitationIn = {
        "email": email,
        "organization_role": organization_role,
        "expires_in_s": days * DAY_S,
        "project_id": None if project is None else project_id(api, project),
        "role": role,
    }
    made = api.platform.invitations.create(**body)
    api.show(made, INVITATION)
    warn_if_lost(api, made["text"])


@command(app)
def role(
    api: Api,
    member: Member,
    organization_role: Annotated[
        OrganizationRole, typer.Argument(metavar="ROLE", help="owner or member.")
    ],
) -> None:
    """Give a member another role in your organization; there is always an owner."""
    found = member_id(api, member)
    api.show(api.platform.members.change(found, organization_role=organization_role), COLUMNS)


@command(app)
def remove(api: Api, member: Member) -> None:
    """Remove a member, with their roles and tokens; what they did stays on record."""
    api.show(api.platform.members.remove(member_id(api, member)), COLUMNS)


@command(app)
def grant(
    api: Api,
    member: Member,
    project_role: Annotated[
        ProjectRole, typer.Argument(metavar="ROLE", help="viewer, operator or admin.")
    ],
    *,
    project: Project = None,
    extra_role: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="One that actions of the environment name; repeatable."),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="How much one plan of theirs may do.")] = "assisted",
) -> None:
    """Let a member be this in a project, whatever they were in it before."""
    held = api.platform.memberships.put(
        project_id(api, project),
        member_id(api, member),
        role=project_role,
        extra_roles=list(extra_role or ()),
        mode=mode,
    )
    api.show(held, MEMBERSHIP)


@command(app)
def revoke(api: Api, member: Member, *, project: Project = None) -> None:
    """Take a member's role in a project away, and show what it was."""
    where, who = project_id(api, project), member_id(api, member)
    api.show(api.platform.memberships.delete(where, who), MEMBERSHIP)
