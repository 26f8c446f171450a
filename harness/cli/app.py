"""Declare `plangate eval`: options and help only, so that `--help` stays instant.

Exit codes: 0 pass, 1 quality regression, 2 governance violation, 3 inconclusive,
4 infrastructure, 5 configuration; 130 when interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="eval",
    help="Replay golden scenarios across models, score, and gate.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)
import_app = typer.Typer(
    help="Turn other people's test data into scenarios.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(import_app, name="import")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Scenario files or folders.", metavar="PATHS", show_default="scenarios"),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Only scenarios with this tag, suite or environment; repeated, with all of them.",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="A LiteLLM name such as openai/gpt-4o-mini, with options behind '?'; repeatable.",
        show_default="plangate/oracle",
    ),
]
Trials = Annotated[int, typer.Option(min=1, metavar="N", help="Repetitions of each scenario.")]
Concurrency = Annotated[int, typer.Option(min=1, metavar="N", help="Trials in flight.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of the run's randomness.")]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The run's folder.", show_default="reports/runs/RUN"),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Finish the interrupted run in this folder, with its models and settings.",
    ),
]
Gate = Annotated[bool, typer.Option("--gate", help="Judge the run; sets the exit code.")]
GateModels = Annotated[
    list[str] | None,
    typer.Option("--gate-model", metavar="MODEL", help="Gate only this model; repeatable."),
]
GateRulesFile = Annotated[
    Path | None,
    typer.Option("--gate-rules", metavar="FILE", help="Rules file.", show_default="PATH/gate.yaml"),
]
Baselines = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Folder of baselines.", show_default="reports/baselines"),
]
Retries = Annotated[int, typer.Option(min=0, metavar="N", help="Retries of a failed request.")]
Timeout = Annotated[
    float, typer.Option(min=0.1, metavar="SECONDS", help="Seconds a request may take.")
]
MaxTokens = Annotated[int, typer.Option(min=1, metavar="N", help="Longest answer, in tokens.")]
Track = Annotated[bool, typer.Option("--track/--no-track", help="Log to MLflow.")]
EXIT_CODES = (
    "Exit codes: 0 pass, 1 quality regression, 2 governance violation, 3 inconclusive, "
    "4 infrastructure, 5 configuration, 130 interrupted. Without --gate quality is not judged."
)


@app.command(epilog=EXIT_CODES)
def run(  # noqa: PLR0913  # one parameter an option
    paths: Paths = None,
    *,
    model: Models = None,
    trials: Trials = 1,
    concurrency: Concurrency = 16,
    tag: Tags = None,
    seed: Seed = 0,
    output: Output = None,
    resume: Resume = None,
    gate: Gate = False,
    gate_model: GateModels = None,
    gate_rules: GateRulesFile = None,
    baselines: Baselines = None,
    retries: Retries = 3,
    timeout: Timeout = 60.0,
    max_tokens: MaxTokens = 1024,
    track: Track = True,
    json: JsonFlag = False,
) -> None:
    """Replay scenarios and score what the models propose."""
    from harness.cli.run import RunOptions, run_command

    raise typer.Exit(
        run_command(
            RunOptions(
                paths=tuple(paths or [Path("scenarios")]),
                models=tuple(model or ["plangate/oracle"]),
                trials=trials,
                concurrency=concurrency,
                tags=tuple(tag or ()),
                seed=seed,
                output=output,
                resume=resume,
                gate=gate or bool(gate_model),
                gate_models=tuple(gate_model or ()),
                gate_rules=gate_rules,
                baselines=baselines,
                retries=retries,
                timeout_s=timeout,
                max_tokens=max_tokens,
                track=track,
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
) -> None:
    """Bless a run: its scores become the ones to beat."""
    from harness.cli.record import baseline_command

    raise typer.Exit(baseline_command(run, models=tuple(model or ()), baselines=baselines))


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print the JSON Schema of scenario files."""
    from harness.cli.inspect import schema_command

    raise typer.Exit(schema_command(output))


@import_app.command(name="bfcl")
def import_bfcl(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Questions as published, one JSON object a line."),
    ],
    *,
    output: Annotated[Path, typer.Option(help="Folder for the scenarios.")],
    answers: Annotated[
        Path | None, typer.Option(help="The file of possible answers that belongs to it.")
    ] = None,
) -> None:
    """Import a file of the Berkeley leaderboard (BFCL)."""
    from harness.cli.importing import import_bfcl_command

    raise typer.Exit(import_bfcl_command(file, answers=answers, output=output))
