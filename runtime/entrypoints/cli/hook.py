"""Declare `plangate hook`: keep the addresses at which others deliver, and see what came."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from runtime.client.documents.hooks import HookIn, HookStyle, NewHookOut
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, plain
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import member_id, project_id
from runtime.entrypoints.cli.shown_once import warn_if_lost

app = typer.Typer(
    name="hook",
    help="Keep inbound hooks.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

COLUMNS: Final = {
    "ID": "id",
    "NAME": "name",
    "STYLE": "style",
    "SERVICE": "service",
    "ENABLED": "enabled",
    "PATH": "path",
}
NEW: Final = {**COLUMNS, "SECRET": "secret"}
DELIVERIES: Final = {
    "ID": "id",
    "NAMED": "named",
    "STATUS": "status",
    "REASON": "reason",
    "OUTCOME": "outcome",
    "TRIES": "tries",
    "RECEIVED": "received_at",
}
MOST_OVERLAP_S: Final = 604_800
_HOOK_ID: Final = re.compile(r"hok_[0-9A-Z]{26}")


HookName = Annotated[str, typer.Argument(metavar="HOOK", help="Its id or name.")]
Project = Annotated[
    str | None, typer.Option(metavar="PROJECT", help="Its id or name. [the demo's]")
]
MappingText = Annotated[
    str,
    typer.Option(metavar="JSON|FILE|-", help="How a body becomes a plan."),
]
SecretFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|-", help="Where the secret is that the sender made. [a new one is made]"
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")]


@command(app)
def create(
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    service: Annotated[
        str, typer.Option(metavar="MEMBER", help="The service that acts, by id or name.")
    ],
    mapping: MappingText,
    style: Annotated[HookStyle, typer.Option(help="How the sender signs.")] = "standard-webhooks",
    secret_file: SecretFile = None,
    project: Project = None,
) -> None:
    """Make a hook, and show its secret this once.

    The mapping is such as {"when": "body.kind == 'paid'", "steps": [{"action": "counter.increment",
    "inputs": {"by": {"pointer": "/amount"}, "note": {"cel": "body.a + 'b'"}, "x": {"value": 1}}}]}.
    """
    body: HookIn = {
        "name": name,
        "style": style,
        "service": member_id(api, service),
        "mapping": read_document(mapping).fragment,
        "secret": _secret(secret_file),
    }
    _show_new(api, api.platform.hooks.create(project_id(api, project), **body))


@command(app, "list")
def list_(api: Api, *, project: Project = None, limit: Limit = None) -> None:
    """List the hooks of a project."""
    found = api.platform.hooks.list(project_id(api, project))
    api.show_all(api.first(found, limit), COLUMNS)


@command(app)
def show(api: Api, hook: HookName, *, project: Project = None) -> None:
    """Show a hook; its mapping and its secrets' times with --json."""
    api.show(api.platform.hooks.read(*_place(api, project, hook)), COLUMNS)


@command(app)
def deliveries(api: Api, hook: HookName, *, project: Project = None, limit: Limit = None) -> None:
    """List what was delivered to a hook, the newest first."""
    found = api.platform.hooks.list_deliveries(*_place(api, project, hook))
    api.show_all(api.first(found, limit), DELIVERIES)


@command(app)
def simulate(
    api: Api,
    hook: HookName,
    body: Annotated[str, typer.Argument(metavar="JSON|FILE|-", help="What could be delivered.")],
    *,
    project: Project = None,
) -> None:
    """Show the plan that a body would become; nothing is executed."""
    place, delivered = _place(api, project, hook), read_document(body).fragment
    found = api.platform.hooks.simulate_delivery(*place, body=delivered)
    if api.as_json:
        api.print_json(found)
    elif found["acts"]:
        typer.echo(orjson.dumps(found["plan"], option=orjson.OPT_INDENT_2).decode())
    else:
        api.say("the mapping passes it over")


@command(app)
def change(
    api: Api,
    hook: HookName,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What it is for.")] = None,
    mapping: Annotated[
        str | None, typer.Option(metavar="JSON|FILE|-", help="How a body becomes a plan.")
    ] = None,
    project: Project = None,
) -> None:
    """Give a hook another name or mapping."""
    new = None if mapping is None else read_document(mapping).fragment
    place = _place(api, project, hook)
    api.show(api.platform.hooks.change(*place, name=name, mapping=new), COLUMNS)


@command(app)
def enable(api: Api, hook: HookName, *, project: Project = None) -> None:
    """Let deliveries act again."""
    _switch(api, hook, project, enabled=True)


@command(app)
def disable(api: Api, hook: HookName, *, project: Project = None) -> None:
    """Let no delivery act."""
    _switch(api, hook, project, enabled=False)


@command(app)
def rotate(
    api: Api,
    hook: HookName,
    *,
    overlap: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_OVERLAP_S, metavar="SECONDS", help="How long the old one still fits."
        ),
    ] = 86_400,
    secret_file: SecretFile = None,
    project: Project = None,
) -> None:
    """Give a hook a new secret, and show it this once."""
    place, secret = _place(api, project, hook), _secret(secret_file)
    _show_new(api, api.platform.hooks.rotate_secret(*place, overlap_s=overlap, secret=secret))


@command(app)
def remove(api: Api, hook: HookName, *, project: Project = None) -> None:
    """Forget a hook, its secrets and what was delivered to it."""
    api.show(api.platform.hooks.remove(*_place(api, project, hook)), COLUMNS)


def _switch(api: Api, hook: str, project: str | None, *, enabled: bool) -> None:
    place = _place(api, project, hook)
    api.show(api.platform.hooks.change(*place, enabled=enabled), COLUMNS)


def _show_new(api: Api, made: NewHookOut) -> None:
    api.show(made, NEW)
    warn_if_lost(api, made["secret"])


def _place(api: Api, project: str | None, hook: str) -> tuple[str, str]:
    """Return the ids of a project and of a hook that is named by id or by name."""
    where = project_id(api, project)
    if _HOOK_ID.fullmatch(hook):
        return where, hook
    for item in api.platform.hooks.list(where):
        if item["name"] == hook:
            return where, item["id"]
    raise CommandError(
        f"not_found: no hook '{plain(hook[:80])}' that you may see", exit_code=REFUSED
    )


def _secret(file: str | None) -> str | None:
    """Return the secret of a file: on the command line, others on the machine would see it."""
    if file is None:
        return None
    try:
        read = sys.stdin.read() if file == "-" else Path(file).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{plain(file[:200])} can't be read as a secret: {error}", exit_code=USAGE
        ) from None
    return read.strip()
