"""Declare `plangate model`: how models are asked, what they may cost, and what they did cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.documents import read_document
from runtime.entrypoints.cli.naming import own_organization, project_id

app = typer.Typer(
    name="model",
    help="Keep how your organization and its projects ask models, and what that may cost.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

SETTINGS: Final = {"SETTING": "name", "VALUE": "value"}
USES: Final = {
    "SCOPE": "scope",
    "SUBJECT": "subject",
    "MEASURE": "measure",
    "USED": "used",
    "RESERVED": "reserved",
    "LIMIT": "limit",
}
_ABOUT: Final = frozenset({"organization", "project", "version", "asked", "set_by", "set_at"})
"""What is told of settings, and is none."""

Project = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="Its name or id. [your organization's own]"),
]


@command(app)
def show(api: Api, *, project: Project = None) -> None:
    """Show how models are asked, and which ones are."""
    models = api.platform.models
    if project is None:
        _show(api, models.read_organization_models(own_organization(api)))
    else:
        _show(api, models.read_project_models(project_id(api, project)))


@command(app, "set")
def set_(
    api: Api,
    new: Annotated[
        str, typer.Argument(metavar="JSON|FILE|-", help="All of the settings that are to hold.")
    ],
    *,
    project: Project = None,
    replaces: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Only if those of this version hold. [any]"),
    ] = None,
) -> None:
    """Let models be asked otherwise from now on; what is left out has its usual value.

    It takes an owner, or an admin of the project:
    {"models": ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"], "timeout_s": 30,
    "daily_cost_micros": 5000000, "member_daily_tokens": 200000, "keeps": "redacted"}.
    """
    headers = {} if replaces is None else {"If-Match": f'"{replaces}"'}
    if project is None:
        place = ("organizations", own_organization(api))
    else:
        place = ("projects", project_id(api, project))
    settings = read_document(new).fragment
    _show(api, api.replace(*place, "models", body=settings, headers=headers))


@command(app)
def usage(api: Api, *, project: Project = None) -> None:
    """Show what was used of models today, a day of UTC; money is in millionths of a dollar."""
    models = api.platform.models
    if project is None:
        found = models.read_organization_model_usage(own_organization(api))
    else:
        found = models.read_project_model_usage(project_id(api, project))
    if api.as_json:
        api.print_json(found)
        return
    api.show_all(found["budgets"], USES)


def _show(api: Api, found: Mapping[str, Any]) -> None:
    """Print settings: all that is told of them for programs, one line each for people."""
    if api.as_json:
        api.print_json(found)
        return
    told = {name: value for name, value in found.items() if name not in _ABOUT}
    told["models"] = ", ".join(told["models"]) or None
    lines = [{"name": name, "value": value} for name, value in told.items()]
    api.show_all(lines, SETTINGS)
    asked = ", ".join(found["asked"]) or "none"
    api.say(f"version {found['version']}; models that are asked: {asked}")
