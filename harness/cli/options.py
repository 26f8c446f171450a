"""Name the options of `plangate eval`, each with its help, so that commands only list them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
AnswerTokens = Annotated[int, typer.Option(min=1, metavar="N", help="Longest answer, in tokens.")]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="REVISION",
        help="Run this git revision as well and judge what changed since; implies --gate.",
    ),
]
MaxCost = Annotated[
    float | None,
    typer.Option(min=0, metavar="DOLLARS", help="Never spend more; reserved before each call."),
]
MaxTokens = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Never use more tokens in the whole run.")
]
Prices = Annotated[
    list[str] | None,
    typer.Option("--price", metavar="MODEL=IN,OUT", help="Dollars a million tokens; repeatable."),
]
Replay = Annotated[bool, typer.Option("--replay", help="Answer from cassettes only.")]
Record = Annotated[bool, typer.Option("--record", help="Record every call anew.")]
RecordMissing = Annotated[
    bool, typer.Option("--record-missing", help="Record what the cassettes lack.")
]
Cassettes = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Cassettes.", show_default="PATH/cassettes"),
]
Early = Annotated[
    str | None,
    typer.Option(
        metavar="GOOD,BAD",
        help="End a scenario's trials once its pass rate is decided, as in 0.9,0.6.",
    ),
]
Traces = Annotated[bool, typer.Option("--traces", help="Log a trace of each trial to MLflow.")]
Track = Annotated[
    bool | None,
    typer.Option(
        "--track/--no-track",
        help="Log to MLflow.",
        show_default="track, but not with --replay",
    ),
]
Executor = Annotated[
    str, typer.Option(metavar="NAME", help="Who does the trials: local, or celery workers.")
]
Broker = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The workers' broker, as redis://host/0.", show_default=False),
]
Rates = Annotated[
    list[str] | None,
    typer.Option(
        "--rate", metavar="MODEL=RPM[,TPM]", help="Calls (and tokens) a minute; repeatable."
    ),
]
Publish = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Bring the verdict to this platform; implies --gate. Token: PLANGATE_TOKEN.",
        show_default=False,
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="URL",
        help="Ask a running platform instead of a model; repeatable. Token: PLANGATE_EVAL_TOKEN.",
    ),
]
