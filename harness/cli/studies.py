"""Declare the commands around a run: how strong the suite is, what a run's trials were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Cassettes, Concurrency, JsonFlag, Models, Paths, Seed


def add_studies(app: typer.Typer) -> None:
    """Add the commands of this module to an application."""
    for command in (strength, cassettes, export):
        app.command()(command)


def strength(  # one parameter an option
    paths: Paths = None,
    *,
    model: Models = None,
    min_killed: Annotated[float, typer.Option(min=0, max=1, help="Mutants to be killed.")] = 0.99,
    min_consistent: Annotated[
        float, typer.Option(min=0, max=1, help="Verdicts that must stay in each relation.")
    ] = 0.0,
    show: Annotated[int, typer.Option(min=0, help="Survivors or flips to list.")] = 20,
    seed: Seed = 0,
    concurrency: Concurrency = 8,
    json: JsonFlag = False,
) -> None:
    """Make wrong answers and see that they fail; with --model, twins of scenarios."""
    from harness.cli.strength import strength_command

    raise typer.Exit(
        strength_command(
            tuple(paths or [Path("scenarios")]),
            models=tuple(model or ()),
            min_killed=min_killed,
            min_consistent=min_consistent,
            show=show,
            as_json=json,
            seed=seed,
            concurrency=concurrency,
        )
    )


def cassettes(
    paths: Paths = None,
    *,
    cassettes: Cassettes = None,
    seed: Seed = 0,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete recordings of scenarios that are gone.")
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="Stale trials to list a model.")] = 10,
    json: JsonFlag = False,
) -> None:
    """Say which recordings still answer what is asked today."""
    from harness.cli.cassettes import CassetteOptions, cassettes_command

    raise typer.Exit(
        cassettes_command(
            CassetteOptions(
                paths=tuple(paths or [Path("scenarios")]),
                cassettes=cassettes,
                seed=seed,
                prune=prune,
                show=show,
                json=json,
            )
        )
    )


def export(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    *,
    output: Annotated[Path, typer.Option(help="A .parquet, .csv or .jsonl file.")],
) -> None:
    """Write the trials of runs as one table."""
    from harness.cli.export import export_command

    raise typer.Exit(export_command(tuple(runs), output=output))
