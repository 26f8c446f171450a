"""Name what the commands of webhooks take, and find the webhook that a person names."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from runtime.client.documents.webhooks import PayloadForm, WebhookFormat
from runtime.client.operations.organization_webhooks import OrganizationWebhooks
from runtime.client.operations.webhooks import Webhooks
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, plain
from runtime.entrypoints.cli.console import Api
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import own_organization, project_id

_WEBHOOK_ID: Final = re.compile(r"whe_[0-9A-Z]{26}")
_BEGINS: Final = ("http://", "https://")


Operations: TypeAlias = Webhooks | OrganizationWebhooks
"""A project's webhooks and an organization's are asked for alike."""

Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id or name.")]
Project = Annotated[
    str | None, typer.Option(metavar="PROJECT", help="Its id or name. [the demo's]")
]
Org = Annotated[bool, typer.Option("--org", help="Of your organization, instead of a project.")]
Address = Annotated[
    str,
    typer.Argument(
        metavar="TO|FILE|-", help="https://..., or where it stands: others see what is typed here."
    ),
]
NewAddress = Annotated[
    str | None, typer.Option("--to", metavar="TO|FILE|-", help="https://..., or where it stands.")
]
HeadersText = Annotated[
    str | None,
    typer.Option("--headers", metavar="JSON|FILE|-", help='Sent along: {"x-team": "a"}. [none]'),
]
FilterText = Annotated[
    str | None,
    typer.Option(
        "--filter",
        metavar="JSON|FILE|-",
        help='Such as {"types": ["plan.*"], "condition": "event.data.percent >= 90"}. [all]',
    ),
]
AtOnce = Annotated[int | None, typer.Option(min=1, max=64, metavar="N", help="So many at a time.")]
PerMinute = Annotated[
    int | None,
    typer.Option(min=0, max=600_000, metavar="N", help="So many a minute; 0: no limit."),
]
Ordered = Annotated[
    bool | None, typer.Option("--ordered/--unordered", help="A project's one after the other.")
]
FormatOption = Annotated[WebhookFormat | None, typer.Option("--format", help="How it is spelled.")]
FormOption = Annotated[PayloadForm | None, typer.Option("--form", help="How much of it is sent.")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")]
EventTypes = Annotated[
    list[str] | None, typer.Option("--type", metavar="TYPE", help="Of events. [all]")
]
Since = Annotated[datetime | None, typer.Option(help="Made then or later, in UTC.")]
Until = Annotated[datetime | None, typer.Option(help="Made before, in UTC.")]


def root_of(api: Api, project: str | None, *, org: bool) -> tuple[Operations, str]:
    """Return whom to ask about the webhooks of a project or the own organization, and its id."""
    if org:
        return api.platform.organization_webhooks, own_organization(api)
    return api.platform.webhooks, project_id(api, project)


def place_of(
    api: Api, webhook: str, project: str | None, *, org: bool
) -> tuple[Operations, str, str]:
    """Return what `root_of` does, and the id of a webhook that is named by id or by name.

    Raises:
        CommandError: there is none of that name.
    """
    asked, owner = root_of(api, project, org=org)
    if _WEBHOOK_ID.fullmatch(webhook):
        return asked, owner, webhook
    for item in asked.list(owner):
        if item["name"] == webhook:
            return asked, owner, item["id"]
    raise CommandError(
        f"not_found: no webhook '{plain(webhook[:80])}' that you may see", exit_code=REFUSED
    )


def address(given: str) -> str:
    """Return an address that is given, or stands in a file or in the input.

    Raises:
        CommandError: the file can't be read.
    """
    if given.startswith(_BEGINS):
        return given
    try:
        read = sys.stdin.read() if given == "-" else Path(given).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{plain(given[:200])} is no https://... and can't be read: {error}", exit_code=USAGE
        ) from None
    return read.strip()


def document(given: str | None) -> Any:  # noqa: ANN401  # whatever only the platform reads
    """Return the document that an option spells or names; None where it is left out."""
    return None if given is None else read_document(given).fragment


def stated(**parts: object) -> dict[str, Any]:
    """Return the parts that were given."""
    return {name: item for name, item in parts.items() if item is not None}


def instant(given: datetime | None) -> str | None:
    """Return an instant of UTC as the API reads it."""
    return None if given is None else given.replace(tzinfo=UTC).isoformat()
