"""Carry out the commands that work on a finished run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.baseline import baseline_name, baseline_of
from harness.cli.reading import complain
from harness.record import RunRecord, read_run
from harness.reporting.publish import write_reports
from harness.results import RunError, make_folder, write_json
from harness.settings import DEFAULT_BASELINES, HarnessSettings
from harness.sides import side_of
from harness.tracking.champion import move_champion


def report_command(folder: Path) -> int:
    """Write the reports of a run anew."""
    try:
        write_reports(folder)
    except (RunError, OSError) as error:
        return complain(error)
    Console().print(f"Wrote {folder / 'report.html'}", highlight=False)
    return 0


def baseline_command(
    folder: Path, *, models: tuple[str, ...], baselines: Path | None, track: bool = False
) -> int:
    """Write a baseline for each model of a run; refuse runs that are not whole.

    Args:
        folder: the run.
        models: whom to bless; empty means all.
        baselines: where the files go.
        track: move the champion alias in the tracking store as well.
    """
    try:
        run = read_run(folder)
        chosen = _chosen(run, models)
    except RunError as error:
        return complain(error)
    try:
        _bless(run, chosen, target=baselines or DEFAULT_BASELINES)
    except RunError as error:
        return complain(error)
    if track:
        Console().print("Moving the champion alias in MLflow", highlight=False)
        problem = move_champion(folder, chosen, HarnessSettings.read())
        if problem:
            console = Console(stderr=True)
            console.print(f"The champion alias was not moved: {problem}", markup=False)
    return 0


def _bless(run: RunRecord, chosen: set[str], *, target: Path) -> None:
    make_folder(target)
    for summary in run.summary.models:
        if summary.model not in chosen:
            continue
        baseline = baseline_of(side_of(summary, run.manifest), paths=run.manifest.paths)
        path = target / baseline_name(summary.model)
        write_json(path, baseline.model_dump(mode="json"))
        found = sum(summary.findings.values())
        warning = f" (with {found} governance findings)" if found else ""
        Console(soft_wrap=True).print(f"Blessed {summary.model}: {path}{warning}", highlight=False)


def _chosen(run: RunRecord, models: tuple[str, ...]) -> set[str]:
    if not run.summary.finished or run.manifest.tags:
        raise RunError(
            f"{run.folder} is not a whole run (interrupted, or restricted by tags), "
            "so it can't be a baseline"
        )
    known = {summary.model for summary in run.summary.models}
    unknown = sorted(set(models) - known)
    if unknown:
        raise RunError(
            f"no model {', '.join(unknown)} in this run; it has {', '.join(sorted(known))}"
        )
    lost = [
        summary.model
        for summary in run.summary.models
        if summary.overall.scored < summary.overall.trials and summary.model in (models or known)
    ]
    if lost:
        raise RunError(
            f"trials of {', '.join(lost)} were lost to infrastructure; "
            f"finish them with `plangate eval run --resume {run.folder}`"
        )
    return set(models) or known
