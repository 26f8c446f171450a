"""Declare the commands around a run: how strong the suite is, what a run's trials were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import AnswerTokens, Cassettes, Concurrency, JsonFlag, Models, Paths, Seed

judge_app = typer.Typer(
    help="Let a model grade questions and refusals, as far as it agrees with people.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
JudgeModel = Annotated[str, typer.Option("--model", metavar="MODEL", help="The judge.")]
Repeats = Annotated[int, typer.Option(min=1, help="How often each text is put before it.")]


def add_studies(app: typer.Typer) -> None:
    """Add the commands of this module to an application."""
    for command in (strength, cassettes, quarantine, export, publish, dashboard, worker):
        app.command()(command)
    app.add_typer(judge_app, name="judge")


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
    answer_tokens: AnswerTokens = 1024,
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
                answer_tokens=answer_tokens,
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


def publish(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a gated run.")],
    *,
    to: Annotated[str, typer.Option(metavar="URL", help="The platform. Token: PLANGATE_TOKEN.")],
) -> None:
    """Bring the verdict of a run to a platform that demands a passed gate."""
    from harness.cli.publish import publish_command

    raise typer.Exit(publish_command(run, url=to))


def quarantine(  # one parameter an option
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN...", help="Past runs.", show_default="all below reports/runs"),
    ] = None,
    *,
    owner: Annotated[str | None, typer.Option(help="Who signs for new entries.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How long new entries last.")] = 30,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add them to this quarantine.yaml.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Propose flaky scenarios to set aside, from the history of past runs."""
    from harness.cli.quarantine import QuarantineOptions, quarantine_command
    from harness.settings import DEFAULT_OUTPUT
    from runtime.public import SystemClock

    raise typer.Exit(
        quarantine_command(
            QuarantineOptions(
                runs=tuple(runs or ()),
                below=DEFAULT_OUTPUT,
                owner=owner,
                days=days,
                write=write,
                json=json,
            ),
            today=SystemClock().now().date(),
        )
    )


def dashboard(
    *,
    host: Annotated[
        str | None, typer.Option(help="Where to listen; there is no login.", show_default="here")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8787,
    runs: Annotated[
        Path | None, typer.Option(help="Folder of runs.", show_default="reports/runs")
    ] = None,
) -> None:
    """Serve all runs of the tracking store, live."""
    from harness.cli.dashboard import dashboard_command

    raise typer.Exit(dashboard_command(host=host, port=port, runs=runs))


def worker(
    *,
    broker: Annotated[str, typer.Option(metavar="URL", help="As redis://host:6379/0.")],
    concurrency: Concurrency = 16,
) -> None:
    """Do trials for runs that were started with --executor celery."""
    from harness.bootstrap import ConfigurationError
    from harness.cli.executors import require_workers_packages
    from harness.cli.reading import complain

    try:
        require_workers_packages()
    except ConfigurationError as error:
        raise typer.Exit(complain(error)) from None
    from harness.cli.worker import worker_command

    raise typer.Exit(worker_command(broker=broker, concurrency=concurrency))


@judge_app.command(name="calibrate")
def judge_calibrate(
    labels: Annotated[
        Path | None,
        typer.Argument(metavar="LABELS", help="A file or folder.", show_default="scenarios/judges"),
    ] = None,
    *,
    model: JudgeModel,
    repeats: Repeats = 3,
    concurrency: Concurrency = 8,
    json: JsonFlag = False,
) -> None:
    """Measure a judge against labels; only one that agrees may gate."""
    from harness.cli.judge import judge_calibrate_command
    from harness.judging.files import DEFAULT_FOLDER

    raise typer.Exit(
        judge_calibrate_command(
            labels or DEFAULT_FOLDER,
            model=model,
            repeats=repeats,
            concurrency=concurrency,
            as_json=json,
        )
    )


@judge_app.command(name="run")
def judge_run(  # one parameter an option
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")],
    *,
    model: JudgeModel,
    judges: Annotated[
        Path | None, typer.Option(help="Labels.", show_default="scenarios/judges")
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Let the judge set the exit code.")] = False,
    repeats: Repeats = 1,
    concurrency: Concurrency = 8,
    json: JsonFlag = False,
) -> None:
    """Let a judge read what a run's models wrote to people."""
    from harness.cli.judge import judge_run_command
    from harness.judging.files import DEFAULT_FOLDER

    raise typer.Exit(
        judge_run_command(
            run,
            model=model,
            judges=judges or DEFAULT_FOLDER,
            gate=gate,
            repeats=repeats,
            concurrency=concurrency,
            as_json=json,
        )
    )
