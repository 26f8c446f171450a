"""Check what a person sees while a run goes on and when it ends."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from harness.checks import Verdict
from harness.reporting.terminal import (
    Progress,
    live_progress,
    plain_progress,
    print_summary,
    silent_progress,
)
from harness.summary import Tally
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)


class _Clock:
    """Stand still until told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _console(*, terminal: bool = False, width: int = 140) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, _environ={}
    )


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_log_gets_a_line_each_tenth() -> None:
    """A thousand trials give ten lines, and one at the start."""
    lines: list[str] = []
    progress = plain_progress(lines.append, clock=_Clock())

    progress.started(total=1000, models=(ORACLE,))
    for index in range(1000):
        progress.finished(a_trial(index=index))
    progress.closed()

    assert lines[0] == "1,000 trials of 1 model"
    assert len(lines) == 11
    assert lines[-1].startswith("1000/1000 trials")


def test_a_slow_run_is_seen_to_live() -> None:
    """When the interval has passed, one more trial is enough for a line."""
    lines: list[str] = []
    clock = _Clock()
    progress = plain_progress(lines.append, clock=clock, interval_s=15)
    progress.started(total=1000, models=(ORACLE,))

    progress.finished(a_trial(index=0))
    clock.now += 15
    progress.finished(a_failed_trial(index=1, cost_micros=None))

    assert len(lines) == 2
    assert lines[1] == (
        "2/1000 trials, 124 min 45 s left: plangate/oracle 2 done, 50.0% passed, 1 finding, unknown"
    )


def test_an_interrupted_run_tells_its_last_trials() -> None:
    """What was done since the last line is told at the end, and nothing twice."""
    lines: list[str] = []
    progress = plain_progress(lines.append, clock=_Clock())
    progress.started(total=1000, models=(ORACLE,))
    progress.finished(a_lost_trial())

    progress.closed()
    progress.closed()

    assert len(lines) == 2
    assert "1 done, n/a passed" in lines[1]


def test_a_terminal_shows_each_model_and_cleans_up() -> None:
    """The table moves while the run goes on; closing twice does no harm."""
    console = _console(terminal=True)
    progress = live_progress(console)
    progress.closed()
    progress.started(total=4, models=(ORACLE, "other/model"))
    progress.finished(a_trial())
    progress.finished(a_failed_trial(model="other/model"))

    progress.closed()
    progress.closed()

    shown = _text(console)
    assert ORACLE in shown
    assert "1/2" in shown
    assert "left" in shown


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """A run inside another program writes nothing."""
    progress: Progress = silent_progress()
    progress.started(total=1, models=(ORACLE,))
    progress.finished(a_trial())
    progress.closed()

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_end_names_verdict_code_and_report(verdict: Verdict) -> None:
    """Whoever reads the last lines knows what to do."""
    console = _console()
    tally = Tally()
    tally.add(a_failed_trial())
    gate = a_gate(verdict, detail="[bold]demanded[/bold] 90%")

    print_summary(console, tally.models(), gate, run_dir=Path("reports/runs/run_01"))

    shown = _text(console)
    assert f"gate: {verdict.value} (exit code {verdict.exit_code})" in shown
    assert "[bold]demanded[/bold] 90%" in shown
    assert "report: reports/runs/run_01/report.html" in shown
    assert "pass^1 0.0%" in shown


def test_a_run_without_gate_says_so() -> None:
    """No gate is not a pass, and a model without scored trials has no rate."""
    console = _console()
    tally = Tally()
    tally.add(a_lost_trial())

    print_summary(console, tally.models(), None, run_dir=Path("run"))

    assert "not gated" in _text(console)
    assert "n/a" in _text(console)


def test_what_was_lost_is_explained(tmp_path: Path) -> None:
    """The last lines name the fault and the command that tries again."""
    console = _console()
    tally = Tally()
    lost = a_lost_trial(fault="HTTP 401: [bold]no[/bold]")
    tally.add(lost)

    print_summary(console, tally.models(), None, run_dir=a_run(tmp_path / "run", [lost]))

    assert f"1 trial of {ORACLE} lost: HTTP 401: [bold]no[/bold]" in _text(console)
    assert f"plangate eval run --resume {tmp_path / 'run'}" in _text(console)


def test_a_whole_run_needs_no_second_try(tmp_path: Path) -> None:
    """Nothing lost, nothing to resume."""
    console = _console()
    tally = Tally()
    tally.add(a_failed_trial())

    print_summary(console, tally.models(), None, run_dir=a_run(tmp_path / "run", [a_trial()]))

    assert "--resume" not in _text(console)


def test_a_narrow_terminal_keeps_the_models_names() -> None:
    """Eighty columns show who it is, at the price of the last figures."""
    console = _console(width=80)
    tally = Tally()
    tally.add(a_failed_trial(model="plangate/noisy-oracle"))

    print_summary(console, tally.models(), None, run_dir=Path("run"))

    assert "plangate/noisy-oracle" in _text(console)
    assert "p95" not in _text(console)


def test_the_end_names_who_is_not_told_apart(tmp_path: Path) -> None:
    """The order of a table is no ranking."""
    console = _console()
    trials = [a_trial(model="m/a"), a_trial(model="m/b")]
    tally = Tally()
    for trial in trials:
        tally.add(trial)

    print_summary(console, tally.models(), None, run_dir=a_run(tmp_path / "run", trials))

    assert "not told apart: m/a, m/b" in _text(console)
