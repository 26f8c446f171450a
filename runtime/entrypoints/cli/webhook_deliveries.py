"""Declare the commands that show what webhooks took, and have it delivered again."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.naming import project_id
from runtime.entrypoints.cli.webhook_options import (
    Ended,
    EventTypes,
    Form,
    Format,
    Limit,
    Org,
    Project,
    Since,
    Status,
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


@command(app)
def ping(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Let a test be delivered; `deliveries` shows what came of it."""
    api.show(api.post(*place_of(api, webhook, project, org=org), verb="ping"), DELIVERIES)


@command(app)
def deliveries(  # noqa: PLR0913  # one parameter an option
    api: Api,
    webhook: Webhook,
    *,
    status: Annotated[Status | None, typer.Option(help="How they stand. [any]")] = None,
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
    place = (*place_of(api, webhook, project, org=org), "deliveries")
    found = api.items(
        *place,
        most=limit,
        status=None if status is None else status.value,
        type=types[0] if types else None,
        since=instant(since),
        until=instant(until),
    )
    api.show_all(found, DELIVERIES)


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
    place = place_of(api, webhook, project, org=org)
    api.show_all(api.get(*place, "deliveries", delivery)["tries"], ATTEMPTS)


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
    place = place_of(api, webhook, project, org=org)
    if delivery is not None:
        api.show(api.post(*place, "deliveries", delivery, verb="resend"), DELIVERIES)
        return
    body = stated(
        status=None if not status else [item.value for item in status],
        types=types or None,
        since=instant(since),
        until=instant(until),
        most=most,
    )
    body["dry_run"] = dry_run
    api.show(api.post(*place, verb="resend", body=body), RESENT)


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
    form: Annotated[Form, typer.Option("--form", help="How much of it.")] = Form.FULL,
    format_: Annotated[Format, typer.Option("--format", help="How spelled.")] = Format.STANDARD,
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
    from runtime.domain.webhook import PayloadForm, WebhookFormat  # noqa: PLC0415  # as below
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
        form=PayloadForm(form.value),
        format=WebhookFormat(format_.value),
        verify=verify,
        count=count,
        after=after,
    )
    follow(api, wish)
