"""Check what the terminal shows when a run has ended."""

import io
from pathlib import Path

from rich.console import Console

from harness.checks import Check, Verdict
from harness.gate import GateReport
from harness.record import read_run
from harness.reporting.tables import print_checks, print_standing
from runtime.public import JsonValue
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_gate, a_run, a_trial

LONG = "insufficient data: 92.1% -> 90.4% (-1.7% [-4.9%, +1.5%], p 0.21) on 266 scenarios"


def _console(width: int = 140) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None, _environ={})


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _standing(folder: Path, *, index: int = 0, **changes: JsonValue) -> str:
    names = [f"s-{number:02}" for number in range(20)]
    trials = [a_trial(name, model, index) for name in names for model in ("m/a", "m/b")]
    trials += [a_failed_trial(name, "m/c", index, answered_by="m/z") for name in names]
    run = read_run(a_run(folder, trials, **changes))
    console = _console()
    print_standing(console, run.summary.models, run.manifest)
    return _text(console)


def test_a_check_that_fits_is_one_line() -> None:
    """Short details stand in a table."""
    console = _console()

    print_checks(console, a_gate(detail="30 of 30"))

    assert _text(console).splitlines() == [f"pass  pass rate  {ORACLE}  30 of 30"]


def test_long_details_have_lines_of_their_own() -> None:
    """Eighty columns wrap the detail below its check, and lose nothing of it."""
    console = _console(80)
    check = Check(model=ORACLE, name="against run_01", verdict=Verdict.INCONCLUSIVE, detail=LONG)

    print_checks(console, GateReport(verdict=Verdict.INCONCLUSIVE, checks=(check,)))

    head, *lines = _text(console).splitlines()
    assert head == f"inconclusive  against run_01  {ORACLE}"
    assert all(line.startswith("    ") and len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).split()) == LONG


def test_models_that_are_not_told_apart_are_named(tmp_path: Path) -> None:
    """Who stands alone needs no line; who was answered for does."""
    assert _standing(tmp_path).splitlines() == [
        "not told apart: m/a, m/b",
        "m/c was partly answered by m/z",
    ]


def test_early_ends_tell_what_they_saved(tmp_path: Path) -> None:
    """Sixty trials of at most three hundred."""
    early = {"good": 0.95, "bad": 0.6, "alpha": 0.05, "beta": 0.05, "longest": 5}

    text = _standing(tmp_path, index=4, early=early)

    assert "60 of at most 300 trials used, 80.0% saved" in text
