"""Lay out what a terminal shows when a run has ended: figures, checks, and who is told apart.

Nothing that a model or scenario wrote is read as Rich's own markup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.checks import Check, Verdict
from harness.gate import GateReport
from harness.reporting.wording import count, dollars, duration, interval, percent
from harness.results import Manifest
from harness.standing import contestants_of, stand
from harness.summary import ModelSummary

WIDE = 110
WIDEST = 10_000
STYLES = {
    Verdict.PASS: "bold blue",
    Verdict.REGRESSION: "bold red",
    Verdict.GOVERNANCE: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.INFRASTRUCTURE: "bold yellow",
}


def print_standing(console: Console, models: tuple[ModelSummary, ...], manifest: Manifest) -> None:
    """Print who is not told apart and what early ends saved, where either has anything to say."""
    standing = stand(contestants_of(models, manifest))
    for group in standing.groups:
        if len(group) > 1:
            console.print(Text(f"not told apart: {', '.join(group)}"), soft_wrap=True)
    for item in standing.contestants:
        if item.substitutes:
            line = f"{item.name} was partly answered by {', '.join(item.substitutes)}"
            console.print(Text(line, style="yellow"), soft_wrap=True)
    if manifest.early:
        used = sum(item.overall.trials for item in models)
        most = len(manifest.scenarios) * len(manifest.models) * manifest.trials
        saved = 1 - used / most if most else 0.0
        console.print(
            Text(f"{count(used)} of at most {count(most)} trials used, {percent(saved)} saved")
        )


def summary_table(models: tuple[ModelSummary, ...], *, width: int) -> Table:
    """Return the table of the models' figures; a narrow one has fewer."""
    columns = [column for column in _COLUMNS if column.always or width >= WIDE]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", overflow="fold")
    for column in columns:
        table.add_column(column.name, justify="right", no_wrap=True)
    for summary in models:
        table.add_row(Text(summary.model), *(column.cell(summary) for column in columns))
    return table


def _reliability(summary: ModelSummary) -> Text:
    k = max(summary.overall.pass_hat, default=0)
    return Text(f"pass^{k} {percent(summary.overall.pass_hat[k])}" if k else percent(None))


def _findings(summary: ModelSummary) -> Text:
    number = summary.overall.findings
    return Text(count(number), style="red" if number else "")


def _lost(summary: ModelSummary) -> Text:
    return Text(count(summary.overall.infrastructure + summary.overall.internal))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Show one figure of a model; those that are not `always` shown need a wide terminal."""

    name: str
    cell: Callable[[ModelSummary], Text]
    always: bool = True


_COLUMNS = (
    _Column(
        name="pass rate",
        cell=lambda summary: Text(percent(summary.overall.pass_rate), style="bold"),
    ),
    _Column(
        name="95 % interval",
        cell=lambda summary: Text(interval(summary.overall.interval)),
    ),
    _Column(name="reliability", cell=_reliability, always=False),
    _Column(name="findings", cell=_findings),
    _Column(name="lost", cell=_lost),
    _Column(name="cost", cell=lambda summary: Text(dollars(summary.cost_micros))),
    _Column(
        name="p50",
        cell=lambda summary: Text(duration(summary.latency_p50_s)),
        always=False,
    ),
    _Column(
        name="p95",
        cell=lambda summary: Text(duration(summary.latency_p95_s)),
        always=False,
    ),
)


def print_checks(console: Console, gate: GateReport) -> None:
    """Print the checks as a table, or where that is too wide the details on lines of their own."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for check in gate.checks:
        table.add_row(*_told(check), Text(check.detail))
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
    if needed <= console.width:
        console.print(table)
        return
    for check in gate.checks:
        console.print(Text("  ").join(_told(check)), soft_wrap=True)
        console.print(Padding(Text(check.detail), (0, 0, 0, 4)))


def _told(check: Check) -> tuple[Text, Text, Text]:
    verdict = Text(check.verdict.value, style=STYLES[check.verdict])
    return verdict, Text(check.name), Text(check.model)
