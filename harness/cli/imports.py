"""Declare `plangate eval import`: other people's test data and traces become scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import_app = typer.Typer(
    help="Turn other people's test data into scenarios.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Target = Annotated[Path, typer.Option("--output", help="Folder for the scenarios.")]


@import_app.command(name="bfcl")
def import_bfcl(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file of questions, or the folder of them.")
    ],
    *,
    output: Target,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Possible answers: a file or folder.", show_default="possible_answer/ beside PATH"
        ),
    ] = None,
) -> None:
    """Import files of the Berkeley leaderboard (BFCL)."""
    from harness.cli.importing import import_bfcl_command

    raise typer.Exit(import_bfcl_command(path, answers=answers, output=output))


@import_app.command(name="tau2")
def import_tau2(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Tasks as published.")],
    *,
    output: Target,
    policy: Annotated[
        Path | None, typer.Option(help="The policy that the agent must follow.")
    ] = None,
) -> None:
    """Import tasks of τ²-bench."""
    from harness.cli.importing import import_tau2_command

    raise typer.Exit(import_tau2_command(path, policy=policy, output=output))


@import_app.command(name="traces")
def import_traces(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Exported traces; without it, the tracking store's."),
    ] = None,
    *,
    output: Target,
    experiment: Annotated[str, typer.Option(help="Whose traces to read.")] = "plangate",
    environment: Annotated[
        str, typer.Option(help="Where traces that don't say it happened.", show_default=False)
    ] = "",
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A name to replace; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Newest traces to read.")] = 1_000,
) -> None:
    """Import traces as anonymised skeletons to review."""
    from harness.cli.traces import TracesOptions, import_traces_command

    raise typer.Exit(
        import_traces_command(
            TracesOptions(
                file=file,
                output=output,
                experiment=experiment,
                environment=environment,
                names=tuple(name or ()),
                limit=limit,
            )
        )
    )
