"""Declare `plangate worker`: options and help only, so that `--help` stays instant."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="worker",
    invoke_without_command=True,
    subcommand_metavar="",
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

EXIT_CODES = (
    "Exit codes: 0 ended when told to, or drained, 4 the database or the broker can't be used, "
    "5 configuration, 70 its event loop stood still; start it again after any but 5."
)


AtOnce = Annotated[
    int, typer.Option(min=1, max=10_000, metavar="N", help="Jobs that run at a time.")
]
Alone = Annotated[
    int,
    typer.Option(min=1, max=64, metavar="N", help="Processes for jobs that a process died with."),
]
Grace = Annotated[
    float,
    typer.Option(min=0, max=3_600, metavar="SECONDS", help="Let jobs end when told to stop."),
]
Drain = Annotated[
    bool, typer.Option("--drain", help="End once nobody's jobs wait or run any more.")
]
MostMemory = Annotated[
    int | None,
    typer.Option(min=64, metavar="MB", help="End in order once the process takes more. [no end]"),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65_535,
        metavar="PORT",
        help="Show figures for Prometheus to this machine. [nowhere]",
    ),
]
WithParent = Annotated[
    bool, typer.Option("--with-parent", help="End when the standard input ends.")
]


@app.callback(epilog=EXIT_CODES)
def worker(
    *,
    at_once: AtOnce = 200,
    alone: Alone = 2,
    grace_s: Grace = 30.0,
    drain: Drain = False,
    most_memory_mb: MostMemory = None,
    metrics_port: MetricsPort = None,
    with_parent: WithParent = False,
) -> None:
    """Run the jobs that follow executions, as the environment configures it.

    Any number of workers may run. SIGTERM or Ctrl-C takes no further jobs and lets end what runs;
    what does not end in time is given to others. A second one waits no longer.
    """
    from runtime.entrypoints.cli import worker_command  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(
        worker_command.worker_command(
            at_once=at_once,
            alone=alone,
            grace_s=grace_s,
            drain=drain,
            most_memory_mb=most_memory_mb,
            metrics_port=metrics_port,
            with_parent=with_parent,
        )
    )
