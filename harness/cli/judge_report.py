"""Tell what a judge said: tables for people, one JSON document for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from harness.checks import Verdict
from harness.judging.calibration import Calibration
from harness.judging.doubts import MOST_UNSCORED
from harness.judging.exhibit import Bill, Opinion
from harness.judging.files import Matter
from harness.judging.labels import Label
from harness.judging.ruling import MOST_LOST, Ruling
from runtime.public import JsonObject

SHOWN_DISAGREEMENTS = 5
MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Hold how a judge did by one rubric.

    Attributes:
        doubts: why it may not gate.
        answers: every opinion, for the bill.
        path: where the calibration lies.
    """

    matter: Matter
    calibration: Calibration
    doubts: tuple[str, ...]
    answers: tuple[Opinion, ...]
    path: Path

    @property
    def lost(self) -> tuple[Opinion, ...]:
        """Return the answers that never came."""
        return tuple(opinion for opinion in self.answers if opinion.lost)

    @property
    def too_many_lost(self) -> bool:
        """Say whether infrastructure left too little to measure."""
        return len(self.lost) / len(self.answers) > MOST_LOST

    @property
    def exit_code(self) -> int:
        """Return 0 when the judge may gate, 4 when too much was lost, 3 for unread answers."""
        if self.too_many_lost:
            return Verdict.INFRASTRUCTURE.exit_code
        if not self.doubts:
            return Verdict.PASS.exit_code
        figures = self.calibration.figures
        too_many = figures["unscored"] / figures["answers"] > MOST_UNSCORED
        return (Verdict.INCONCLUSIVE if too_many else Verdict.REGRESSION).exit_code

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "judge": self.calibration.judge,
            "rubric": self.calibration.rubric,
            "may_gate": self.exit_code == Verdict.PASS.exit_code,
            "doubts": list(self.doubts),
            "lost": len(self.lost),
            "figures": self.calibration.figures,
            "bill": Bill.of(self.answers).document(),
            "file": None if self.too_many_lost else self.path.as_posix(),
        }


def tell_calibrations(measured: Sequence[Measured], *, as_json: bool) -> None:
    """Show how a judge did by each rubric."""
    if as_json:
        _print_json({"calibrations": [item.document() for item in measured]})
        return
    console = _console()
    for item in measured:
        if item.too_many_lost:
            why = f"{len(item.lost)} of {len(item.answers)} answers were lost, nothing was written"
            _say(console, f"{item.calibration.rubric}: {why}: {item.lost[0].problem}")
        else:
            _tell_calibration(console, item)


def _tell_calibration(console: Console, measured: Measured) -> None:
    calibration, figures = measured.calibration, measured.calibration.figures
    _say(console, f"{calibration.rubric}: {measured.matter.rubric.title}")
    table = Table(box=None, pad_edge=False)
    for name in ("examples", "scored", "unscored", "kappa", "at least", "steady", "swayed"):
        table.add_column(name, justify="right")
    table.add_row(
        str(figures["examples"]),
        str(figures["scored"]),
        f"{figures['unscored']} of {figures['answers']}",
        _number(figures["kappa"]),
        _number(figures["kappa_lower_bound"]),
        _percent(figures["self_consistency"]),
        f"{figures['swayed_by_padding']} of {figures['padded']}",
    )
    console.print(table)
    for line in _disagreements(measured.matter, calibration):
        _say(console, line)
    _tell_standing(console, calibration.rubric, measured.doubts)
    _say(console, f"  {_bill_text(Bill.of(measured.answers).document())}")
    _say(console, f"  wrote {measured.path}\n")


def tell_rulings(
    document: JsonObject,
    rulings: Sequence[Ruling],
    *,
    doubts: Mapping[str, Sequence[str]],
    as_json: bool,
) -> None:
    """Show what a judge makes of a run."""
    if as_json:
        _print_json(document)
        return
    console = _console()
    table = Table(box=None, pad_edge=False)
    table.add_column("model", overflow="fold")
    table.add_column("rubric", no_wrap=True)
    columns = ("texts", "good", "95 % interval", "unscored", "lost", "without text", "steady")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for ruling in rulings:
        table.add_row(ruling.model, ruling.rubric, *_cells(ruling))
    console.print(table)
    for name, found in doubts.items():
        _tell_standing(console, name, found)
    _say(console, f"  {_bill_text(document['bill'])}")


def _cells(ruling: Ruling) -> Iterator[str]:
    shown = ruling.document()
    yield str(ruling.heard)
    yield _percent(ruling.share)
    yield "" if ruling.interval is None else " to ".join(f"{it:.1%}" for it in ruling.interval)
    yield str(ruling.unscored)
    yield str(ruling.lost)
    yield str(ruling.silent)
    yield _percent(shown["self_consistency"])


def _disagreements(matter: Matter, calibration: Calibration) -> Iterator[str]:
    """Yield the first examples of which the judge's first answer is another than the label."""
    found = [
        (item, score)
        for item in matter.labels.examples
        if (score := calibration.scores[item.id][0]) is not None
        and Label.of(matter.rubric.good(score)) is not item.label
    ]
    for item, score in found[:SHOWN_DISAGREEMENTS]:
        yield f"  {item.id}: labelled {item.label.value}, scored {score:g}. {item.because}"
    if len(found) > SHOWN_DISAGREEMENTS:
        yield f"  and {len(found) - SHOWN_DISAGREEMENTS} more disagreements"


def _tell_standing(console: Console, rubric: str, doubts: Sequence[str]) -> None:
    _say(console, f"  {rubric}: the judge {'informs only' if doubts else 'may gate'}")
    for doubt in doubts:
        _say(console, f"    {doubt}")


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False)


def _bill_text(bill: JsonObject) -> str:
    cost = bill["cost_micros"]
    paid = "at an unknown price" if cost is None else f"${cost / MICROS:,.4f}"
    tokens = bill["prompt_tokens"] + bill["completion_tokens"]
    return f"{bill['opinions']} answers, {tokens:,} tokens, {paid}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _console() -> Console:
    return Console(soft_wrap=True)


def _print_json(document: JsonObject) -> None:
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
