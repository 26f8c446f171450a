"""Declare `plangate policy`: try rules on this machine, and keep those of a platform.

What tries rules is loaded by the commands that do: the others stay as quick as any client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from runtime.client.documents.policies import PolicyActiveOut, PolicyIn
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, Document, plain
from runtime.entrypoints.cli.console import EXIT_CODES, Api, JsonFlag, command
from runtime.entrypoints.cli.naming import own_organization, project_id
from runtime.entrypoints.cli.policy_files import PolicyFolder, read_folder

app = typer.Typer(
    name="policy",
    help="Try rules of your own, and keep those of your organization and its projects.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

UPLOADED: Final = {
    "SCOPE": "scope",
    "VERSION": "version",
    "TESTS": "tests",
    "COVERED": "covered_share",
    "ACTIVATION": "activation.number",
    "DIGEST": "digest",
}
VERSIONS: Final = {
    "VERSION": "version",
    "NOTE": "note",
    "CREATED": "created_at",
    "BY": "created_by",
    "DIGEST": "digest",
}
ACTIVATIONS: Final = {
    "NUMBER": "number",
    "SCOPE": "scope",
    "VERSION": "version",
    "REASON": "reason",
    "ACTIVATED": "activated_at",
    "BY": "activated_by",
}
TRIED_S: Final = 600.0
"""How long rules may be tried: an organization's are, in each of its projects (300 took 20 s)."""

FLIPS: Final = {
    "ACTION": "action",
    "PRINCIPAL": "principal",
    "BEFORE": "before.allow",
    "AFTER": "after.allow",
    "TIMES": "times",
}
REPLAYED: Final = {
    "DECISIONS": "decisions",
    "QUESTIONS": "questions",
    "NEWLY ALLOWED": "newly_allowed",
    "NEWLY DENIED": "newly_denied",
    "CHANGED": "changed",
}

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Where the *.rego files are.")]
Beside = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The organization's rules, for those of a project. [none]"),
]
Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [the rules of your organization]"),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept for ever.")]
Version = Annotated[int, typer.Argument(min=1, metavar="VERSION", help="Which one.")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="The newest so many. [all]")]


@app.command(epilog=EXIT_CODES)
def check(folder: Folder, *, beside: Beside = None, json: JsonFlag = False) -> None:
    """Say what is wrong with rules; no platform is asked."""
    _try(folder, beside=beside, as_json=json, tests=False)


@app.command("test", epilog=EXIT_CODES)
def run_tests(folder: Folder, *, beside: Beside = None, json: JsonFlag = False) -> None:
    """Run the tests of rules; no platform is asked."""
    _try(folder, beside=beside, as_json=json, tests=True)


@app.command(epilog=EXIT_CODES)
def build(
    folder: Folder,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="What to write, a .tar.gz.")
    ],
    beside: Beside = None,
) -> None:
    """Pack rules with the shipped ones, for `opa test` and `opa eval`."""
    from runtime.entrypoints.cli.policy_archive import archive_of  # noqa: PLC0415  # as said above

    with _told():
        content = archive_of(read_folder(folder), beside=_optional(beside))
        try:
            output.expanduser().write_bytes(content)
        except OSError as error:
            raise CommandError(
                f"{plain(str(output))} can't be written: {error.strerror}", exit_code=USAGE
            ) from None


@command(app)
def push(
    api: Api,
    folder: Folder,
    *,
    project: Project = None,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What it is. [the folder's name]")
    ] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Let it hold from the same moment on.")
    ] = False,
) -> None:
    """Upload rules as the next version, once they passed their tests there."""
    body: PolicyIn = {
        "modules": read_folder(folder).document,
        "note": note or folder.expanduser().resolve().name or "rules",
        "activate": activate,
    }
    policies = api.within(TRIED_S).policies
    if project is None:
        made = policies.upload_organization_policy(own_organization(api), **body)
    else:
        made = policies.upload_project_policy(project_id(api, project), **body)
    api.show(made, UPLOADED)


@command(app, "list")
def list_(api: Api, *, project: Project = None, limit: Limit = None) -> None:
    """List the versions, the newest first."""
    policies = api.platform.policies
    if project is None:
        found = policies.list_organization_policies(own_organization(api))
    else:
        found = policies.list_project_policies(project_id(api, project))
    api.show_all(api.first(found, limit), VERSIONS)


@command(app)
def history(api: Api, *, project: Project = None, limit: Limit = None) -> None:
    """List which version began to hold when, the newest first."""
    policies = api.platform.policies
    if project is None:
        found = policies.list_organization_policy_activations(own_organization(api))
    else:
        found = policies.list_project_policy_activations(project_id(api, project))
    api.show_all(api.first(found, limit), ACTIVATIONS)


@command(app)
def show(
    api: Api,
    version: Annotated[
        int | None, typer.Argument(min=1, metavar="[VERSION]", help="Which one. [what holds]")
    ] = None,
    *,
    project: Project = None,
) -> None:
    """Show a version with its modules."""
    policies = api.platform.policies
    if project is None:
        own = own_organization(api)
        held = version or _held(policies.read_active_organization_policy(own))
        found = policies.read_organization_policy(own, str(held))
    else:
        where = project_id(api, project)
        held = version or _held(policies.read_active_project_policy(where))
        found = policies.read_project_policy(where, str(held))
    if api.as_json:
        api.print_json(found)
        return
    api.show(found, VERSIONS)
    for module in found["modules"]:
        text = "\n".join(map(plain, module["text"].replace("\t", "    ").splitlines()))
        typer.echo(f"\n# {plain(module['path'])}\n{text}")


@command(app)
def activate(api: Api, version: Version, *, reason: Reason, project: Project = None) -> None:
    """Let a version hold from now on, a new one or an earlier one."""
    policies, number = api.within(TRIED_S).policies, str(version)
    if project is None:
        own = own_organization(api)
        done = policies.activate_organization_policy(own, number, reason=reason)
    else:
        where = project_id(api, project)
        done = policies.activate_project_policy(where, number, reason=reason)
    api.show(done, ACTIVATIONS)


@command(app)
def deactivate(api: Api, *, reason: Reason, project: Project = None) -> None:
    """Let no version hold any more; the shipped rules stay."""
    policies = api.within(TRIED_S).policies
    if project is None:
        done = policies.deactivate_organization_policy(own_organization(api), reason=reason)
    else:
        done = policies.deactivate_project_policy(project_id(api, project), reason=reason)
    api.show(done, ACTIVATIONS)


@command(app)
def diff(
    api: Api,
    folder: Folder,
    *,
    project: Annotated[str, typer.Option(metavar="PROJECT", help="Its name or id.")],
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="The newest so many decisions.")
    ] = 1_000,
) -> None:
    """Replay a project's decisions under other rules, and list what would be otherwise."""
    rules = read_folder(folder)
    found = api.platform.policies.simulate(
        project_id(api, project), modules=rules.document, level=rules.level, limit=limit
    )
    api.show(found, REPLAYED)
    if not api.as_json and found["flips"]:
        typer.echo()
        api.show_all(found["flips"], FLIPS)


def _held(found: PolicyActiveOut) -> int:
    """Return which version holds.

    Raises:
        CommandError: none does.
    """
    activation = found["activation"]
    if activation is None or activation["version"] is None:
        raise CommandError("no rules hold but the shipped ones; name a version", exit_code=REFUSED)
    return activation["version"]


def _try(folder: Path, *, beside: Path | None, as_json: bool, tests: bool) -> None:
    """Try rules, and end with exit code 1 if an upload would be refused."""
    with _told():
        document = _tried(folder, beside)
        if as_json:
            typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        else:
            _tell(document, tests=tests)
    if not document["usable"]:
        raise typer.Exit(REFUSED)


def _tried(folder: Path, beside: Path | None) -> Document:
    from runtime.entrypoints.cli.policy_trial import check_document, tried  # noqa: PLC0415  # heavy

    return check_document(tried(read_folder(folder), beside=_optional(beside)))


def _tell(document: Document, *, tests: bool) -> None:
    from runtime.entrypoints.cli.policy_trial import outcome_lines, problem_lines  # noqa: PLC0415  # too

    if tests:
        _say(outcome_lines(document), to_people=False)
    _say(problem_lines(document), to_people=True)
    if document["usable"]:
        typer.echo(f"usable: {len(document['tests'])} test(s) passed")


def _say(lines: Iterable[str], *, to_people: bool) -> None:
    for line in lines:
        typer.echo(line, err=to_people)


def _optional(folder: Path | None) -> PolicyFolder | None:
    return None if folder is None else read_folder(folder)


@contextmanager
def _told() -> Iterator[None]:
    """Let a failure end the command with one line and its code."""
    try:
        yield
    except CommandError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
