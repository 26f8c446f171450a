"""Declare `plangate webhook`: keep the addresses that hear of events, and see what they took."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.client.documents.webhooks import NewWebhookOut, SigningScheme, WebhookChangeIn
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.shown_once import warn_if_lost
from runtime.entrypoints.cli.webhook_deliveries import app as deliveries_app
from runtime.entrypoints.cli.webhook_options import (
    Address,
    AtOnce,
    FilterText,
    FormatOption,
    FormOption,
    HeadersText,
    Limit,
    NewAddress,
    Ordered,
    Org,
    PerMinute,
    Project,
    Webhook,
    address,
    document,
    place_of,
    root_of,
    stated,
)

app = typer.Typer(
    name="webhook",
    help="Keep webhooks, which hear of events.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "URL": "url",
    "FORMAT": "format",
    "STATUS": "status",
    "FAILURES": "failures",
}
WHOLE: Final = {
    **COLUMNS,
    "WHY": "status_reason",
    "FAILING SINCE": "failing_since",
    "HEADERS": "headers",
    "TYPES": "filter.types",
    "PROJECTS": "filter.projects",
    "CONDITION": "filter.condition",
    "FORM": "form",
    "AT ONCE": "at_once",
    "A MINUTE": "per_minute",
    "ORDERED": "ordered",
}
NEW: Final = {**COLUMNS, "SECRET": "secret", "PUBLIC KEY": "public_key"}
MOST_OVERLAP_S: Final = 604_800


@command(app)
def create(  # noqa: PLR0913  # one parameter an option
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    to: Address,
    *,
    headers: HeadersText = None,
    wanted: FilterText = None,
    form: FormOption = None,
    format_: FormatOption = None,
    at_once: AtOnce = None,
    per_minute: PerMinute = None,
    ordered: Ordered = None,
    scheme: Annotated[SigningScheme, typer.Option(help="How its secret signs.")] = "v1",
    project: Project = None,
    org: Org = False,
) -> None:
    """Make a webhook, and show its secret this once."""
    to_it = address(to)
    given = stated(
        headers=document(headers),
        filter=document(wanted),
        form=form,
        format=format_,
        at_once=at_once,
        per_minute=per_minute or None,
        ordered=ordered,
    )
    asked, owner = root_of(api, project, org=org)
    _show_new(api, asked.create(owner, name=name, url=to_it, scheme=scheme, **given))


@command(app, "list")
def list_(api: Api, *, project: Project = None, org: Org = False, limit: Limit = None) -> None:
    """List the webhooks of a project, or those of your organization itself."""
    asked, owner = root_of(api, project, org=org)
    api.show_all(api.first(asked.list(owner), limit), COLUMNS)


@command(app)
def show(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Show a webhook; its secrets' times with --json."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.read(owner, found), WHOLE)


@command(app)
def update(  # noqa: PLR0913  # one parameter an option
    api: Api,
    webhook: Webhook,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What it is for.")] = None,
    to: NewAddress = None,
    headers: HeadersText = None,
    wanted: FilterText = None,
    form: FormOption = None,
    format_: FormatOption = None,
    at_once: AtOnce = None,
    per_minute: PerMinute = None,
    ordered: Ordered = None,
    project: Project = None,
    org: Org = False,
) -> None:
    """Change a webhook; what is left out stays."""
    body: WebhookChangeIn = {
        "name": name,
        "url": None if to is None else address(to),
        "headers": document(headers),
        "filter": document(wanted),
        "form": form,
        "format": format_,
        "at_once": at_once,
        "ordered": ordered,
    }
    if per_minute is not None:  # null is no limit, and nothing is as it was
        body["per_minute"] = per_minute or None
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.change(owner, found, **body), WHOLE)


@command(app)
def rotate(
    api: Api,
    webhook: Webhook,
    *,
    scheme: Annotated[
        SigningScheme | None, typer.Option(help="How it signs. [as the newest]")
    ] = None,
    overlap: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_OVERLAP_S, metavar="SECONDS", help="How long the old one signs too."
        ),
    ] = 86_400,
    only: Annotated[
        bool, typer.Option("--only", help="Those of the other scheme end as well.")
    ] = False,
    project: Project = None,
    org: Org = False,
) -> None:
    """Sign with a new secret, and show it this once."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    made = asked.rotate_secret(owner, found, scheme=scheme, overlap_s=overlap, only=only)
    _show_new(api, made)


@command(app)
def enable(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Send to a webhook again, as if it had never failed."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.enable(owner, found), COLUMNS)


@command(app)
def disable(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Send nothing more to a webhook until it is enabled."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.disable(owner, found), COLUMNS)


@command(app)
def delete(api: Api, webhook: Webhook, *, project: Project = None, org: Org = False) -> None:
    """Forget a webhook, its secrets and what was or is to be delivered to it."""
    asked, owner, found = place_of(api, webhook, project, org=org)
    api.show(asked.remove(owner, found), COLUMNS)


app.add_typer(deliveries_app)


def _show_new(api: Api, made: NewWebhookOut) -> None:
    """Show what was made; of a pair of keys only the public half is anybody else's."""
    newest = made["secrets"][0]
    api.show({**made, "public_key": newest["public_key"]} if not api.as_json else made, NEW)
    if newest["public_key"] is None:
        warn_if_lost(api, made["secret"])
