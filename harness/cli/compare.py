"""Carry out `plangate eval compare`: two runs side by side, with what the difference proves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.bootstrap import ConfigurationError
from harness.checks import Verdict, compared, worst
from harness.cli.consoles import wide_console
from harness.cli.reading import complain
from harness.compare import compare
from harness.comparison import Comparison, ComparisonRules, Difference, Part, Tier
from harness.gate import GateRules
from harness.record import RunRecord, read_run
from harness.reporting.diff import write_diff
from harness.reporting.wording import interval, percent
from harness.results import RunError
from harness.sides import side_of

_STYLES = {
    Tier.REGRESSION: "bold red",
    Tier.SOFT_REGRESSION: "yellow",
    Tier.STABLE: "blue",
    Tier.IMPROVEMENT: "bold blue",
    Tier.INSUFFICIENT: "yellow",
    Tier.UNVERIFIABLE: "bold yellow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """Hold the command line.

    Attributes:
        base_model, head_model: compare these two, whatever they are called; None compares every
            model that both runs have.
        varied: parts that were meant to differ.
        html: where to write both runs side by side.
    """

    base: Path
    head: Path
    base_model: str | None
    head_model: str | None
    margin: float
    alpha: float
    varied: tuple[str, ...]
    html: Path | None
    json: bool


def compare_command(options: CompareOptions) -> int:
    """Compare two runs and return the exit code: 0 no loss, 1 regression, 3 open, 5 unusable."""
    try:
        base, head = read_run(options.base), read_run(options.head)
        found = _compared(options, base, head)
        if options.html is not None:
            write_diff(base, head, options.html, comparisons=found)
    except (RunError, ConfigurationError, OSError) as error:
        return complain(error)
    verdict = worst([check for item in found for check in compared(item.head, item)])
    if options.json:
        documents = [item.document() for item in found]
        sys.stdout.buffer.write(
            orjson.dumps(
                {
                    "verdict": verdict.value,
                    "exit_code": verdict.exit_code,
                    "comparisons": documents,
                },
                option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
            )
        )
    else:
        _print(wide_console(), found, verdict)
    return verdict.exit_code


def _compared(options: CompareOptions, base: RunRecord, head: RunRecord) -> tuple[Comparison, ...]:
    pairs = _pairs(options, base, head)
    rules = GateRules(margin=options.margin, alpha=options.alpha, varied=_parts(options.varied))
    return tuple(
        _pair(base, head, rules.comparison(models=len(pairs)), models=models) for models in pairs
    )


def _pair(
    base: RunRecord, head: RunRecord, rules: ComparisonRules, *, models: tuple[str, str]
) -> Comparison:
    then, now = (run.summary_of(model) for run, model in zip((base, head), models, strict=True))
    if then is None or now is None:
        lacking = base if then is None else head
        raise ConfigurationError(f"{lacking.folder} has no trial of {' or '.join(models)}")
    return compare(side_of(then, base.manifest), side_of(now, head.manifest), rules)


def _pairs(
    options: CompareOptions, base: RunRecord, head: RunRecord
) -> tuple[tuple[str, str], ...]:
    """Return which model of base is compared with which of head."""
    before = [item.model for item in base.summary.models]
    after = [item.model for item in head.summary.models]
    if options.base_model is None and options.head_model is None:
        both = [model for model in after if model in before]
        if not both:
            raise ConfigurationError(
                f"no model is in both runs ({', '.join(before)}; {', '.join(after)}); name two "
                "with --base-model and --head-model"
            )
        return tuple((model, model) for model in both)
    chosen = (options.base_model or options.head_model, options.head_model or options.base_model)
    for model, run, known in zip(chosen, (base, head), (before, after), strict=True):
        if model not in known:
            raise ConfigurationError(
                f"{run.folder} has no model {model}; it has {', '.join(known)}"
            )
    return ((str(chosen[0]), str(chosen[1])),)


def _parts(names: tuple[str, ...]) -> tuple[Part, ...]:
    try:
        return tuple(Part(name) for name in names)
    except ValueError:
        raise ConfigurationError(
            f"--varied {', '.join(names)}: expected one of {', '.join(Part)}"
        ) from None


def _print(console: Console, found: tuple[Comparison, ...], verdict: Verdict) -> None:
    for item in found:
        named = item.head if item.base == item.head else f"{item.base} -> {item.head}"
        console.print(
            Text(f"{named}: {item.base_run} -> {item.head_run}", style="bold"), soft_wrap=True
        )
        if item.mismatches:
            for part in item.mismatches:
                line = f"  {part.part}: {part.base} -> {part.head}"
                console.print(Text(line, style=_STYLES[Tier.UNVERIFIABLE]), soft_wrap=True)
        else:
            console.print(_table(item))
        for check in compared(item.head, item):
            console.print(Text(f"  {check.detail}"), soft_wrap=True)
    console.print(Text(f"{verdict.value} (exit code {verdict.exit_code})", style="bold"))


def _table(found: Comparison) -> Table:
    table = Table(box=None, pad_edge=False)
    for name, justify in (
        ("scenarios", "left"),
        ("tier", "left"),
        ("base", "right"),
        ("head", "right"),
        ("change", "right"),
        ("90 % interval", "right"),
        ("p worse", "right"),
        ("would notice", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # a literal
    for item in (found.overall, *found.suites):
        table.add_row(*_cells(item))
    return table


def _cells(item: Difference) -> tuple[Text, ...]:
    change = "-" if item.change is None else f"{item.change:+.1%}"
    p_worse = "-" if item.p_worse is None else f"{item.p_worse:.3g}"
    return (
        Text(f"{item.name} ({item.pairs})"),
        Text(item.tier.value, style=_STYLES[item.tier]),
        Text(percent(item.base_rate)),
        Text(percent(item.head_rate)),
        Text(change),
        Text(interval(item.interval)),
        Text(p_worse),
        Text(percent(item.detectable)),
    )
