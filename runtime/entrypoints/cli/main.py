"""Find the groups of the `plangate` command by entry points and load each when it is used.

A wrong option is a wrong configuration: it ends with exit code 5, because 2, the usual one, is
what the gate says of a governance violation.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group
from typing_extensions import override

GROUP = "plangate.commands"
OUR_FAULT = 4
CONFIGURATION = 5


class LazyGroups(TyperGroup):
    """Offer every installed group by name; importing one waits until it is called for."""

    @override
    def list_commands(self, ctx: object) -> list[str]:
        return sorted(_groups())

    @override
    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _wrong_usage_is_wrong_configuration():
            return super().make_context(*args, **kwargs)

    @override
    def invoke(self, ctx: Any) -> Any:
        with _wrong_usage_is_wrong_configuration():
            return super().invoke(ctx)

    @override
    def get_command(self, ctx: object, cmd_name: str) -> TyperGroup | None:
        found = _groups().get(cmd_name)
        return None if found is None else get_group(found.load())


app = typer.Typer(
    cls=LazyGroups,
    help="Plangate proves an agent's plans before it lets them run.",
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    rich_markup_mode=None,  # plain help: rich costs 0.15 s of the 0.3 that help may take
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; a fault of our own exits with 4, which no verdict about quality has."""
    try:
        app()
    except Exception:  # noqa: BLE001  # the edge of the process
        traceback.print_exc()
        sys.exit(OUR_FAULT)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # typer's callback form
    if wanted:
        typer.echo(f"plangate {version('plangate')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Plangate proves an agent's plans before it lets them run."""


@contextmanager
def _wrong_usage_is_wrong_configuration() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        vars(error)["exit_code"] = CONFIGURATION
        raise


@cache
def _groups() -> dict[str, EntryPoint]:
    return {item.name: item for item in entry_points(group=GROUP)}
