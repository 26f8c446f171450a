"""Carry out `plangate eval run`: set up, evaluate, report, track, and say how it went."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import orjson
from rich.console import Console

from harness.bootstrap import ConfigurationError
from harness.cassette.tape import CassetteError
from harness.checks import Verdict
from harness.cli.against import BaseRunError
from harness.cli.consoles import wide_console
from harness.cli.publish import Unpublished, platform_link, publish, told
from harness.cli.reading import complain
from harness.cli.setup import Setup, set_up
from harness.cli.wishes import RunOptions
from harness.concluding import Finished
from harness.evaluation import evaluate
from harness.reporting.publish import write_reports
from harness.reporting.terminal import (
    Progress,
    live_progress,
    plain_progress,
    print_summary,
    silent_progress,
)
from harness.results import HISTORY, RunError
from harness.settings import HarnessSettings
from harness.tracking.launch import track_run
from harness.yaml_source import SourceError
from runtime.public import SystemClock

INTERRUPTED = 130
RARELY = 100_000
FAILED = Verdict.INFRASTRUCTURE.exit_code


def run_command(options: RunOptions) -> int:
    """Run and return the exit code."""
    gc.set_threshold(RARELY)  # what a run makes lives until its end; looking for rubbish costs 10 %
    settings = HarnessSettings.read()
    console = wide_console(stderr=options.json)
    folder: Path | None = None
    try:
        if options.publish is not None:
            platform_link(options.publish, settings.environ)  # said before the models are asked
        setup = set_up(options, settings, told=lambda line: _tell(console, line))
        folder = setup.request.folder
        finished = evaluate(
            setup.request,
            setup.scenarios,
            setup.contenders,
            gate=setup.gate,
            progress=_progress(console, settings, quiet=options.json),
            clock=SystemClock(),
            calls=setup.calls,
            executor=setup.executor,
        )
    except (SourceError, ConfigurationError) as error:
        return complain(error)
    except (RunError, CassetteError, BaseRunError) as error:
        code = complain(error)
        return code if folder is None and not isinstance(error, BaseRunError) else FAILED
    except KeyboardInterrupt:
        _say_how_to_go_on(folder)
        return INTERRUPTED
    try:
        return _report(options, settings, console, setup=setup, finished=finished)
    except OSError as error:
        complain(error)
        return FAILED


def _say_how_to_go_on(folder: Path | None) -> None:
    ending = f"; finished trials are kept. Go on with:\n  plangate eval run --resume {folder}"
    print(  # noqa: T201  # the console may be gone with the interrupt
        "\nInterrupted" + ("." if folder is None else ending), file=sys.stderr
    )


def _report(
    options: RunOptions,
    settings: HarnessSettings,
    console: Console,
    *,
    setup: Setup,
    finished: Finished,
) -> int:
    folder = setup.request.folder
    write_reports(folder)
    resumed_replay = setup.request.replays and options.resume is not None
    if options.track and not resumed_replay:
        problem = track_run(folder, settings, traces=options.traces)
        if problem:
            console.print(f"Not logged to MLflow: {problem}", style="yellow", markup=False)
        elif (folder / HISTORY).exists():
            write_reports(folder)  # again, with the story so far
    code = exit_code(finished, replays=setup.request.replays)
    if options.json:
        sys.stdout.buffer.write(_json(folder, finished, code))
    else:
        print_summary(console, finished.models, finished.gate, run_dir=folder)
        if finished.stopped is not None:
            console.print(f"stopped: {finished.stopped}", style="yellow", markup=False)
        _tell_misses(console, finished, setup)
    return _published(options, settings, console, folder=folder, code=code)


def _published(
    options: RunOptions, settings: HarnessSettings, console: Console, *, folder: Path, code: int
) -> int:
    """Bring the verdict to a platform, if one was named; that it has none is no pass."""
    if options.publish is None:
        return code
    found = publish(folder, url=options.publish, environ=settings.environ)
    if isinstance(found, Unpublished):
        console.print(found.problem, style="yellow", markup=False)
        return code or found.code
    for item in found:
        _tell(console, told(item))
    return code


def exit_code(finished: Finished, *, replays: bool) -> int:
    """Return how a run ends: by its gate, but a call that no cassette holds is never a verdict."""
    lost = any(item.overall.infrastructure for item in finished.models)
    if replays and lost:
        return FAILED
    if finished.gate is not None:
        return finished.gate.verdict.exit_code
    if finished.stopped is not None:
        return Verdict.INCONCLUSIVE.exit_code
    scored = any(item.overall.scored for item in finished.models)
    return 0 if scored else FAILED


def _tell_misses(console: Console, finished: Finished, setup: Setup) -> None:
    lost = sum(item.overall.infrastructure for item in finished.models)
    if setup.request.replays and lost:
        models = " ".join(f"--model '{name}'" for name in setup.contenders)
        paths = " ".join(setup.request.paths)
        _tell(
            console,
            f"exit code {FAILED}: {lost} trials are not in the cassettes, so there is no verdict; "
            "record them with\n"
            f"  plangate eval run {paths} {models} --trials {setup.request.trials} "
            f"--record-missing --cassettes {setup.calls.shelf.folder}",
        )


def _json(folder: Path, finished: Finished, code: int) -> bytes:
    return orjson.dumps(
        {
            "run": folder.name,
            "folder": str(folder),
            "exit_code": code,
            "stopped": finished.stopped,
            "gate": finished.gate.document() if finished.gate is not None else None,
            "comparisons": [item.document() for item in finished.comparisons],
            "models": [item.document() for item in finished.models],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _tell(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _progress(console: Console, settings: HarnessSettings, *, quiet: bool) -> Progress:
    if quiet:
        return silent_progress()
    if console.is_terminal and not settings.in_ci:
        return live_progress(console)
    return plain_progress(lambda line: _tell(console, line))
