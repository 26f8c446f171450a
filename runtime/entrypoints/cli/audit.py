"""Declare `plangate audit`: read the log of your organization, prove it, and say how it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.audit_checks import app as checks_app
from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command

app = typer.Typer(
    name="audit",
    help="Read, prove and export the audit log.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

RECORDS: Final = {
    "NUMBER": "sequence",
    "AT": "at",
    "KIND": "kind",
    "PRINCIPAL": "principal",
    "PROJECT": "project",
    "READABLE": "readable",
    "ID": "id",
}
RECORD: Final = {**RECORDS, "HASH": "hash", "SAYS": "document"}
HEADS: Final = {"SIZE": "size", "AT": "at", "ROOT": "root", "KEY": "key"}
HOLDS: Final = {
    "ID": "id",
    "NAME": "name",
    "SUBJECT": "subject",
    "REASON": "reason",
    "PLACED": "created_at",
    "BY": "held_by",
    "RELEASED": "released_at",
}
SETTINGS: Final = {"STRICT": "strict", "SINCE": "strict_since", "KEEP DAYS": "keep_days"}
ERASED: Final = {"SUBJECT": "subject", "KEYS": "keys"}
MOST_KEEP_DAYS: Final = 36_500
RECONCILED: Final = (
    "Exit codes: 0 all is equal, 1 copies were missing or changed, 4 a sink or the database does "
    "not answer, 5 configuration."
)

Record = Annotated[str, typer.Argument(metavar="RECORD", help="Its id, aud_...")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many. [all]")]
Subject = Annotated[
    str | None, typer.Option(metavar="ID", help="Whose records: a principal. [everybody's]")
]


@command(app)
def records(
    api: Api,
    *,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Such as plan.executed.")] = None,
    principal: Annotated[str | None, typer.Option(metavar="ID", help="Who did it.")] = None,
    project: Annotated[str | None, typer.Option(metavar="ID", help="Where.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Then or later, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before then, in UTC.")] = None,
    limit: Limit = None,
) -> None:
    """List records in the order of their numbers; each has one within seconds."""
    found = api.platform.audit.list_records(
        kind=kind,
        principal=principal,
        project=project,
        since=_utc(since),
        until=_utc(until),
    )
    api.show_all(api.first(found, limit), RECORDS)


@command(app)
def show(api: Api, record: Record) -> None:
    """Show a record with what it says; with --json all that it takes to check it."""
    api.show(api.platform.audit.read_record(record), RECORD)


@command(app)
def heads(api: Api, *, limit: Limit = None) -> None:
    """List the signed heads of the log, the smallest first."""
    api.show_all(api.first(api.platform.audit.list_heads(), limit), HEADS)


@command(app)
def settings(
    api: Api,
    *,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Execute nothing without an immutable copy."),
    ] = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_KEEP_DAYS,
            metavar="DAYS",
            help="After which records can't be read any more; 0: no end.",
        ),
    ] = None,
) -> None:
    """Show what is demanded of audit records, or change it; what is left out stays."""
    found = api.platform.audit.read_settings()
    if strict is not None or keep_days is not None:
        found = api.platform.audit.change_settings(
            strict=found["strict"] if strict is None else strict,
            keep_days=found["keep_days"] if keep_days is None else keep_days or None,
        )
    api.show(found, SETTINGS)


@command(app)
def hold(
    api: Api,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the case.")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    subject: Subject = None,
) -> None:
    """Keep records readable, whatever is erased or expires, until the hold is released."""
    placed = api.platform.audit.place_hold(name=name, reason=reason, subject=subject)
    api.show(placed, HOLDS)


@command(app)
def holds(api: Api, *, limit: Limit = None) -> None:
    """List holds, those that were released too."""
    api.show_all(api.first(api.platform.audit.list_holds(), limit), HOLDS)


@command(app)
def release(
    api: Api, hold: Annotated[str, typer.Argument(metavar="HOLD", help="Its id, ahd_...")]
) -> None:
    """Let a hold end."""
    api.show(api.platform.audit.release_hold(hold), HOLDS)


@command(app)
def erase(
    api: Api,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A principal's id.")],
    *,
    confirm: Annotated[str, typer.Option(metavar="SUBJECT", help="The same once more.")],
) -> None:
    """Let nobody read again what the log says of a subject; it can't be undone."""
    if confirm != subject:
        raise CommandError(
            f"an erasure can't be undone; to confirm it give --confirm {subject}", exit_code=USAGE
        )
    api.show(api.platform.audit.erase_subject(subject=subject, confirm=confirm), ERASED)


@app.command(epilog=RECONCILED)
def reconcile(
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="From the first record on, not where others ended.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Compare logs with their immutable copies, as an operator; the platform does so by itself.

    It takes the settings of the server, of all organizations. What has no copy gets one; copies of
    what was never committed are marked.
    """
    from runtime.entrypoints.cli import audit_reconcile  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(audit_reconcile.reconcile_command(anew=anew, as_json=as_json))


app.add_typer(checks_app)


def _utc(given: datetime | None) -> str | None:
    return None if given is None else f"{given.isoformat()}Z"
