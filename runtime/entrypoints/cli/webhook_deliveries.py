"""Declare the commands that show what webhooks took, and have it delivered again."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from runtime.client.documents.webhooks import (
    PayloadForm,
    WebhookDeliveryStatus,
    WebhookFormat,
)
from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import project_id
from runtime.entrypoints.cli.webhook_options import (
    EventTypes,
    Limit,
    Org,
    Project,
    Since,
    Until,
    Webhook,
    instant,
    place_of,
    stated,
)

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

DELIVERIES: Final = {
    "ID": "id",
    "TYPE": "type",
    "CAUSE": "cause",
    "STATUS": "status",
    "ATTEMPTS": "attempts",
    "CREATED": "created_at",
    "DUE": "due_at",
    "REASON": "reason",
}
ATTEMPTS: Final = {
    "NUMBER": "number",
    "AT": "at",
    "STATUS": "status_code",
    "MS": "took_ms",
    "ERROR": "error",
    "REQUEST": "request_id",
    "BODY": "body",
}
RESENT: Final = {"RESENT": "resent", "LEFT": "left"}


class Ended(StrEnum):
    """Name how deliveries end; of an option that repeats, typer takes no Literal."""

    DELIVERED = "delivered"
    FAILED = "failed"


@command(app)
def ping(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Let a test be delivered; `deliveries` shows what came of it."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.ping(owner, found), DELIVERIES)


@command(app)
def deliveries(  # noqa: PLR0913  # one parameter an option
    api: Api,
    webhook: Webhook,
    *,
    status: Annotated[
        WebhookDeliveryStatus | None, typer.Option(help="How they stand. [any]")
    ] = None,
    types: EventTypes = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    project: Project = None,
    org: Org = False,
) -> None:
    """List deliveries to a webhook, the newest first."""
    if types is not None and len(types) > 1:
        raise CommandError("name one --type at a time", exit_code=USAGE)
    asked, owner, found = place_of(api, webhook, project, org=org)
    every = asked.list_deliveries(
        owner,
        found,
        status=None if status is None else [status],
        type_=types,
        since=instant(since),
        until=instant(until),
    )
    api.show_all(api.first(every, limit), DELIVERIES)


@command(app)
def attempts(
    api: Api,
    webhook: Webhook,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id.")],
    *,
    project: Project = None,
    org: Org = False,
) -> None:
    """List the attempts at a delivery, and what was answered."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show_all(asked.read_delivery(owner, found, delivery)["tries"], ATTEMPTS)


@command(app)
def resend(  # noqa: PLR0913  # one parameter an option
    api: Api,
    webhook: Webhook,
    delivery: Annotated[
        str | None, typer.Argument(metavar="DELIVERY", help="One, by its id. [all that match]")
    ] = None,
    *,
    status: Annotated[list[Ended] | None, typer.Option(help="How they ended. [failed]")] = None,
    types: EventTypes = None,
    since: Since = None,
    until: Until = None,
    most: Annotated[
        int | None, typer.Option(min=1, max=1_000, metavar="N", help="So many now. [1000]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    project: Project = None,
    org: Org = False,
) -> None:
    """Have a delivery made again, or all that ended as named; each once."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    if delivery is not None:
        api.show(asked.resend_delivery(owner, found, delivery), DELIVERIES)
        return
    body = stated(
        status=None if not status else [item.value for item in status],
        types=types or None,
        since=instant(since),
        until=instant(until),
        most=most,
    )
    api.show(asked.resend_deliveries(owner, found, dry_run=dry_run, **body), RESENT)


@command(app)
def listen(  # noqa: PLR0913  # one parameter an option
    api: Api,
    *,
    forward: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A port of this machine: http://127.0.0.1:3000/in."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check each signature, as a receiver does.")
    ] = False,
    types: EventTypes = None,
    form: Annotated[PayloadForm, typer.Option("--form", help="How much of it.")] = "full",
    format_: Annotated[WebhookFormat, typer.Option("--format", help="How spelled.")] = "standard",
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Begin behind this event. [now]")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End after so many. [never]")
    ] = None,
    project: Project = None,
) -> None:
    """Show the events of a project as they happen, and hand them to a port of this machine.

    Each is signed as a delivery, with a secret that is made for this and printed first.
    """
    from runtime.domain import webhook as domain  # noqa: PLC0415  # as below
    from runtime.entrypoints.cli.webhook_listen import (  # noqa: PLC0415  # --help does without
        Listening,
    )
    from runtime.entrypoints.cli.webhook_listen import (  # noqa: PLC0415  # as above
        listen as follow,
    )

    wish = Listening(
        project_id=project_id(api, project),
        forward=forward,
        types=tuple(types or ()),
        form=domain.PayloadForm(form),
        format=domain.WebhookFormat(format_),
        verify=verify,
        count=count,
        after=after,
    )
    follow(api, wish)
