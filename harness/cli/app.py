"""Declare `plangate eval`: options and help only, so that `--help` stays instant.

Exit codes: 0 pass, 1 quality regression, 2 governance violation, 3 inconclusive,
4 infrastructure, 5 configuration; 130 when interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.imports import import_app
from harness.cli.options import (
    Against,
    AnswerTokens,
    Baselines,
    Broker,
    Cassettes,
    Concurrency,
    Early,
    Executor,
    Gate,
    GateModels,
    GateRulesFile,
    JsonFlag,
    MaxCost,
    MaxTokens,
    Models,
    Output,
    Paths,
    Prices,
    Publish,
    Rates,
    Record,
    RecordMissing,
    Replay,
    Resume,
    Retries,
    Seed,
    Tags,
    Targets,
    Timeout,
    Traces,
    Track,
    Trials,
)
from harness.cli.studies import add_studies

app = typer.Typer(
    name="eval",
    help="Replay golden scenarios across models, score, and gate.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)
app.add_typer(import_app, name="import")

EXIT_CODES = (
    "Exit codes: 0 pass, 1 quality regression, 2 governance violation, 3 inconclusive, "
    "4 infrastructure, 5 configuration, 130 interrupted. Without --gate quality is not judged."
)


@app.callback()
def admit() -> None:
    """Import no plugin that the operator does not admit, whichever command follows."""
    from harness.settings import HarnessSettings, chooses_plugins

    settings = HarnessSettings.read()
    if chooses_plugins(settings):
        from harness.cli.admission import admit_command

        if code := admit_command(settings):
            raise typer.Exit(code)


@app.command(epilog=EXIT_CODES)
def run(  # noqa: PLR0913  # one parameter an option
    paths: Paths = None,
    *,
    model: Models = None,
    target: Targets = None,
    trials: Trials = 1,
    early: Early = None,
    concurrency: Concurrency = 16,
    tag: Tags = None,
    seed: Seed = 0,
    output: Output = None,
    resume: Resume = None,
    gate: Gate = False,
    gate_model: GateModels = None,
    gate_rules: GateRulesFile = None,
    baselines: Baselines = None,
    against: Against = None,
    replay: Replay = False,
    record: Record = False,
    record_missing: RecordMissing = False,
    cassettes: Cassettes = None,
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    price: Prices = None,
    executor: Executor = "local",
    broker: Broker = None,
    rate: Rates = None,
    retries: Retries = 3,
    timeout: Timeout = 60.0,
    answer_tokens: AnswerTokens = 1024,
    track: Track = None,
    traces: Traces = False,
    publish: Publish = None,
    json: JsonFlag = False,
) -> None:
    """Replay scenarios and score what the models propose."""
    given = dict(locals())
    from harness.cli.run import run_command
    from harness.cli.wishes import run_options

    raise typer.Exit(run_command(run_options(given)))


@app.command()
def compare(  # noqa: PLR0913  # one parameter an option
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A run's folder.")],
    head: Annotated[Path, typer.Argument(metavar="HEAD", help="Another run's folder.")],
    *,
    base_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Compare this model of BASE.")
    ] = None,
    head_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="With this one of HEAD.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0, max=1, help="How much of the pass rate may be lost.")
    ] = 0.02,
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.49, help="Chance of a false alarm, at most.")
    ] = 0.05,
    varied: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="What was meant to differ, as prompt; repeatable."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write both runs side by side.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Say what changed between two runs, and what the change proves."""
    from harness.cli.compare import CompareOptions, compare_command

    raise typer.Exit(
        compare_command(
            CompareOptions(
                base=base,
                head=head,
                base_model=base_model,
                head_model=head_model,
                margin=margin,
                alpha=alpha,
                varied=tuple(varied or ()),
                html=html,
                json=json,
            )
        )
    )


@app.command()
def validate(paths: Paths = None, *, json: JsonFlag = False) -> None:
    """Check scenarios, and execute their golden plans."""
    from harness.cli.inspect import validate_command

    raise typer.Exit(validate_command(tuple(paths or [Path("scenarios")]), as_json=json))


@app.command(name="list")
def list_(paths: Paths = None, *, tag: Tags = None, json: JsonFlag = False) -> None:
    """List scenarios with their tags."""
    from harness.cli.inspect import list_command

    raise typer.Exit(
        list_command(tuple(paths or [Path("scenarios")]), tags=tuple(tag or ()), as_json=json)
    )


@app.command()
def describe(
    environment: Annotated[
        str | None, typer.Argument(metavar="ENVIRONMENT", help="Without it, list those there are.")
    ] = None,
    *,
    json: JsonFlag = False,
) -> None:
    """Show an environment's components and actions, as scenarios name them."""
    from harness.cli.describe import describe_command

    raise typer.Exit(describe_command(environment, as_json=json))


@app.command()
def report(run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]) -> None:
    """Write the reports of a run anew."""
    from harness.cli.record import report_command

    raise typer.Exit(report_command(run))


@app.command()
def baseline(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")],
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="Bless only this model; repeatable."),
    ] = None,
    baselines: Baselines = None,
    track: Annotated[
        bool, typer.Option("--track/--no-track", help="Move the champion alias in MLflow.")
    ] = True,
) -> None:
    """Bless a run: its scores become the ones to beat."""
    from harness.cli.record import baseline_command

    raise typer.Exit(
        baseline_command(run, models=tuple(model or ()), baselines=baselines, track=track)
    )


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print the JSON Schema of scenario files."""
    from harness.cli.inspect import schema_command

    raise typer.Exit(schema_command(output))


add_studies(app)
