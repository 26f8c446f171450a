"""Declare `plangate token`: make, list, replace and revoke tokens, and say whose one is."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from runtime.domain.scope import Scope
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import member_id
from runtime.entrypoints.cli.shown_once import warn_if_lost

app = typer.Typer(
    name="token",
    help="Keep tokens.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "TOKEN": "shown",
    "MEMBER": "member",
    "EXPIRES": "expires_at",
    "LAST USED": "last_used_at",
    "REVOKED": "revoked_at",
    "SCOPES": "scopes",
}
NEW: Final = {
    "ID": "id",
    "NAME": "name",
    "MEMBER": "member",
    "SCOPES": "scopes",
    "EXPIRES": "expires_at",
    "TOKEN": "text",
}
CALLER: Final = {
    "MEMBER": "member.id",
    "NAME": "member.display_name",
    "ROLE": "member.organization_role",
    "ORGANIZATION": "organization.id",
    "CALLED": "organization.name",
    "CREDENTIAL": "credential.id",
    "SCOPES": "credential.scopes",
}
MOST_DAYS: Final = 365
MOST_OVERLAP_S: Final = 86_400

TokenId = Annotated[str, typer.Argument(metavar="TOKEN_ID", help="Its id, tok_ and 26 letters.")]


@command(app)
def create(
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    scope: Annotated[
        list[Scope], typer.Option(help="What it may be used for; repeatable.", metavar="SCOPE")
    ],
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, metavar="N", help="How long it opens.")
    ] = 90,
    member: Annotated[
        str | None,
        typer.Option(metavar="MEMBER", help="Who acts with it, by id, e-mail or name. [you]"),
    ] = None,
) -> None:
    """Make a token, and show its text this once."""
    scopes: list[Any] = [item.value for item in scope]
    made = api.platform.tokens.create(
        name=name,
        scopes=scopes,
        expires_in_days=days,
        member=None if member is None else member_id(api, member),
    )
    api.show(made, NEW)
    warn_if_lost(api, made["text"])


@command(app, "list")
def list_(
    api: Api,
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")
    ] = None,
) -> None:
    """List your tokens, or as an owner those of your organization."""
    api.show_all(api.first(api.platform.tokens.list(), limit), COLUMNS)


@command(app)
def rotate(
    api: Api,
    token_id: TokenId,
    *,
    overlap: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_OVERLAP_S, metavar="SECONDS", help="How long the old one still opens."
        ),
    ] = 0,
) -> None:
    """Replace a token by one with the same name, scopes and life, and show its text this once."""
    made = api.platform.tokens.rotate(token_id, overlap_s=overlap)
    api.show(made, NEW)
    warn_if_lost(api, made["text"])


@command(app)
def revoke(api: Api, token_id: TokenId) -> None:
    """Let a token open nothing any more."""
    api.show(api.platform.tokens.revoke(token_id), COLUMNS)


@command(app)
def me(api: Api) -> None:
    """Say whose token this is, and what it may be used for."""
    api.show(api.platform.me.read_caller(), CALLER)
