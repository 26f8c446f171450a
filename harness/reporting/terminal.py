"""Show a run while it goes on and its figures at the end, on a terminal or in a log.

A terminal gets a table that moves; a log gets a line now and then, so that a long run is seen to
live without filling the log. Nothing that a model or scenario wrote is read as Rich's own markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.gate import GateReport
from harness.reporting.lost import lost_lines
from harness.reporting.tables import STYLES, print_checks, print_standing, summary_table
from harness.reporting.wording import count, dollars, duration, percent, plural
from harness.results import MANIFEST, RESULTS, read_manifest, read_records
from harness.summary import ModelSummary
from harness.trial import TrialRecord, TrialStatus

PLAIN_INTERVAL_S = 15.0
PLAIN_SHARE = 0.1
REFRESH_PER_SECOND = 4
BAR_WIDTH = 16
Seconds = Callable[[], float]


class Progress(Protocol):
    """Be told what a run does."""

    def started(self, *, total: int, models: tuple[str, ...]) -> None:
        """Take note of how many trials are to come, over all models."""
        ...

    def finished(self, record: TrialRecord) -> None:
        """Take note of one trial."""
        ...

    def closed(self) -> None:
        """Take note that the run is over, whole or not."""
        ...


def live_progress(console: Console) -> Progress:
    """Return a display that redraws itself on a terminal."""
    return _Live(console=console)


def plain_progress(
    write: Callable[[str], None],
    *,
    clock: Seconds = time.monotonic,
    interval_s: float = PLAIN_INTERVAL_S,
) -> Progress:
    """Return a display that writes a line every tenth of the run, or after `interval_s`."""
    return _Plain(write=write, clock=clock, interval_s=interval_s)


def silent_progress() -> Progress:
    """Return a display that shows nothing."""
    return _Silent()


def print_summary(
    console: Console,
    models: tuple[ModelSummary, ...],
    gate: GateReport | None,
    *,
    run_dir: Path,
) -> None:
    """Print the final table, what was lost and why, the checks, the verdict, and the reports."""
    console.print(summary_table(models, width=console.width))
    if (run_dir / MANIFEST).exists():
        print_standing(console, models, read_manifest(run_dir))
    _print_lost(console, models, run_dir=run_dir)
    if gate is None:
        console.print(Text("not gated", style="bold"))
    else:
        print_checks(console, gate)
        verdict = Text(gate.verdict.value, style=STYLES[gate.verdict])
        console.print(Text.assemble("gate: ", verdict, f" (exit code {gate.verdict.exit_code})"))
    console.print(Text(f"report: {run_dir / 'report.html'}"), soft_wrap=True)


def _print_lost(console: Console, models: tuple[ModelSummary, ...], *, run_dir: Path) -> None:
    whole = all(item.overall.scored == item.overall.trials for item in models)
    if whole or not (run_dir / RESULTS).exists():
        return
    for line in lost_lines(read_records(run_dir)):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    console.print(Text(f"try them again: plangate eval run --resume {run_dir}"), soft_wrap=True)


@dataclass(slots=True)
class _Count:
    """Count the trials of one model so far."""

    done: int = 0
    scored: int = 0
    passed: int = 0
    findings: int = 0
    lost: int = 0
    cost_micros: int | None = 0

    def add(self, record: TrialRecord) -> None:
        scored = record.status is TrialStatus.SCORED
        self.done += 1
        self.scored += scored
        self.lost += not scored
        self.passed += scored and record.passed is True
        self.findings += len(record.findings)
        known = self.cost_micros is not None and record.cost_micros is not None
        self.cost_micros = (self.cost_micros or 0) + (record.cost_micros or 0) if known else None

    @property
    def pass_rate(self) -> float | None:
        return self.passed / self.scored if self.scored else None


@dataclass(slots=True)
class _Counts:
    """Count the trials of a run so far, and foresee its end."""

    total: int = 0
    began: float = 0.0
    models: dict[str, _Count] = field(default_factory=dict)

    def begin(self, *, total: int, models: tuple[str, ...], now: float) -> None:
        self.total = total
        self.began = now
        self.models = {model: _Count() for model in models}

    def add(self, record: TrialRecord) -> None:
        self.models.setdefault(record.key.model, _Count()).add(record)

    @property
    def done(self) -> int:
        return sum(count.done for count in self.models.values())

    @property
    def each(self) -> int:
        return self.total // max(1, len(self.models))

    def remaining_s(self, now: float) -> float | None:
        if not self.done:
            return None
        return (now - self.began) / self.done * max(0, self.total - self.done)


@dataclass(slots=True)
class _Live:
    console: Console
    counts: _Counts = field(default_factory=_Counts)
    live: Live | None = None

    def started(self, *, total: int, models: tuple[str, ...]) -> None:
        self.counts.begin(total=total, models=models, now=time.monotonic())
        self.live = Live(
            console=self.console,
            get_renderable=self._table,
            refresh_per_second=REFRESH_PER_SECOND,
            transient=True,
        )
        self.live.start()

    def finished(self, record: TrialRecord) -> None:
        self.counts.add(record)

    def closed(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _table(self) -> Table:
        left = duration(self.counts.remaining_s(time.monotonic()))
        table = Table(
            box=None, pad_edge=False, caption=f"about {left} left", caption_justify="left"
        )
        table.add_column("model", overflow="fold")
        table.add_column("")
        for name in ("done", "pass rate", "findings", "lost", "cost"):
            table.add_column(name, justify="right", no_wrap=True)
        for model, so_far in list(self.counts.models.items()):
            table.add_row(
                Text(model),
                _bar(so_far.done, self.counts.each),
                f"{count(so_far.done)}/{count(self.counts.each)}",
                percent(so_far.pass_rate),
                Text(count(so_far.findings), style="red" if so_far.findings else ""),
                count(so_far.lost),
                dollars(so_far.cost_micros),
            )
        return table


@dataclass(slots=True)
class _Plain:
    write: Callable[[str], None]
    clock: Seconds
    interval_s: float
    counts: _Counts = field(default_factory=_Counts)
    told_at: float = 0.0
    told_done: int = 0

    def started(self, *, total: int, models: tuple[str, ...]) -> None:
        self.counts.begin(total=total, models=models, now=self.clock())
        self.told_at = self.counts.began
        self.write(f"{plural(total, 'trial')} of {plural(len(models), 'model')}")

    def finished(self, record: TrialRecord) -> None:
        self.counts.add(record)
        now = self.clock()
        fresh = self.counts.done - self.told_done
        if fresh >= self.counts.total * PLAIN_SHARE or now - self.told_at >= self.interval_s:
            self._tell(now)

    def closed(self) -> None:
        if self.counts.done > self.told_done:
            self._tell(self.clock())

    def _tell(self, now: float) -> None:
        self.told_at = now
        self.told_done = self.counts.done
        figures = "; ".join(
            f"{model} {count(so_far.done)} done, {percent(so_far.pass_rate)} passed, "
            f"{plural(so_far.findings, 'finding')}, {dollars(so_far.cost_micros)}"
            for model, so_far in self.counts.models.items()
        )
        left = duration(self.counts.remaining_s(now))
        self.write(f"{self.counts.done}/{self.counts.total} trials, {left} left: {figures}")


@dataclass(frozen=True, slots=True)
class _Silent:
    def started(self, *, total: int, models: tuple[str, ...]) -> None:
        """Show nothing."""

    def finished(self, record: TrialRecord) -> None:
        """Show nothing."""

    def closed(self) -> None:
        """Show nothing."""


def _bar(done: int, total: int) -> Text:
    filled = min(BAR_WIDTH, BAR_WIDTH * done // max(1, total))
    return Text.assemble(("━" * filled, "blue"), ("━" * (BAR_WIDTH - filled), "bright_black"))
