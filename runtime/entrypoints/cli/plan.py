"""Declare `plangate plan`: simulate and execute plans."""

from __future__ import annotations

import re
from typing import Annotated, Final

import orjson
import typer

from runtime.client.documents.plans import PlanRequestIn
from runtime.client.documents.shared import JobOut, OutcomeOut
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import project_id
from runtime.entrypoints.cli.outcomes import outcome_lines

app = typer.Typer(
    name="plan",
    help="Simulate and execute plans.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

QUEUED: Final = {"JOB": "id", "STATUS": "status", "OUTCOME": "outcome"}
_KEY: Final = re.compile(r"[ -~]{1,255}")

PlanText = Annotated[
    str,
    typer.Argument(
        metavar="JSON|FILE|-",
        help='A plan, such as {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}, or '
        "its steps alone.",
    ),
]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the demo of `plangate dev`]"),
]
Confirm = Annotated[
    str | None,
    typer.Option(metavar="DIGEST", help="Confirm the plan that was shown with this digest."),
]
Approval = Annotated[
    str | None,
    typer.Option(metavar="APPROVAL", help="The request that others granted, such as apr_..."),
]
Atomic = Annotated[bool, typer.Option("--atomic", help="All steps or none.")]


@command(app)
def execute(
    api: Api,
    plan: PlanText,
    *,
    project: Project = None,
    confirm: Confirm = None,
    approval: Approval = None,
    atomic: Atomic = False,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Idempotency key: with the same one it acts once."),
    ] = None,
    queued: Annotated[
        bool, typer.Option("--queued", help="Don't wait for it; a job executes the plan.")
    ] = False,
) -> None:
    """Execute a plan; what the engine refuses ends with exit code 1."""
    if key is not None and not _KEY.fullmatch(key):
        raise CommandError("--key takes 1 to 255 printable characters of ASCII", exit_code=USAGE)
    body = _body(plan, confirm=confirm, approval=approval, atomic=atomic)
    plans, where = api.platform.plans, project_id(api, project)
    if queued:
        _tell_job(api, plans.execute_queued(where, idempotency_key=key, **body))
        return
    _conclude(api, plans.execute(where, idempotency_key=key, **body))


@command(app)
def simulate(
    api: Api,
    plan: PlanText,
    *,
    project: Project = None,
    confirm: Confirm = None,
    approval: Approval = None,
    atomic: Atomic = False,
) -> None:
    """Show what executing a plan now would come to; nothing is changed."""
    body = _body(plan, confirm=confirm, approval=approval, atomic=atomic)
    _conclude(api, api.platform.plans.simulate(project_id(api, project), **body))


def _body(plan: str, *, confirm: str | None, approval: str | None, atomic: bool) -> PlanRequestIn:
    given = read_document(plan)
    document = given.fragment
    if isinstance(given.value, list):
        document = orjson.Fragment(b'{"steps":' + given.text + b"}")
    return {"plan": document, "confirm": confirm, "approval": approval, "atomic": atomic}


def _tell_job(api: Api, job: JobOut) -> None:
    api.show(job, QUEUED)
    if not api.as_json:
        api.say(f"see what comes of it by `plangate job watch {job['id']}`")


def _conclude(api: Api, outcome: OutcomeOut) -> None:
    if api.as_json:
        api.print_json(outcome)
    else:
        typer.echo("\n".join(outcome_lines(outcome)))
    if outcome["status"] != "done":
        raise typer.Exit(REFUSED)
