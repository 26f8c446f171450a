"""Lay two runs side by side: what became of each scenario, and one pair of trials to look at.

Pure reading of two records. The pairs of trials that tell most are kept in full until the page is
large enough; of all others the page has the verdicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from harness.record import RunRecord
from harness.reporting.embedded import trial_document
from harness.results import ManifestScenario
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import JsonObject, JsonValue

MOST_BYTES = 4_000_000
SCORE_DIGITS = 3
MEASURED = frozenset({"cost", "latency"})
"""Scorers that only measure; the page tells these figures by themselves."""


@dataclass(slots=True)
class _Course:
    """Collect how one scenario went with one model on one side."""

    passed: int = 0
    scored: int = 0
    lost: int = 0
    cost_micros: int | None = 0
    latency_s: float = 0.0
    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    trials: dict[int, tuple[bool, bytes]] = field(default_factory=dict)

    def add(self, record: TrialRecord) -> None:
        scored = record.status is TrialStatus.SCORED
        good = scored and record.passed is True
        self.passed += good
        self.scored += scored
        self.lost += not scored
        known = self.cost_micros is not None and record.cost_micros is not None
        self.cost_micros = (self.cost_micros or 0) + (record.cost_micros or 0) if known else None
        self.latency_s += record.latency_s if scored else 0.0
        for name, score in record.scores.items():
            if score["value"] is not None and name not in MEASURED:
                self.scores[name].append(score["value"])
        self.trials[record.key.index] = (good, _spelled(record.proposal))

    @property
    def share(self) -> float | None:
        return self.passed / self.scored if self.scored else None

    def document(self) -> JsonObject:
        trials = len(self.trials)
        return {
            "passed": self.passed,
            "scored": self.scored,
            "lost": self.lost,
            "cost": None if self.cost_micros is None else self.cost_micros / trials,
            "latency": self.latency_s / self.scored if self.scored else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Join both sides of one scenario and one pair of models."""

    scenario: str
    models: tuple[str, str]
    change: str
    base: _Course | None
    head: _Course | None

    @property
    def place(self) -> tuple[str, str]:
        return (self.scenario, self.models[1])

    @property
    def chosen(self) -> int | None:
        """Return the trial that shows the difference best, by its number."""
        if self.base is None or self.head is None:
            return None
        then, now = self.base.trials, self.head.trials
        return min(
            sorted(then.keys() & now.keys()),
            key=lambda index: (then[index][0] == now[index][0], then[index][1] == now[index][1]),
            default=None,
        )

    def document(self) -> JsonObject:
        return {
            "scenario": self.scenario,
            "model": self.models[1],
            "baseModel": self.models[0],
            "change": self.change,
            "base": self.base.document() if self.base else None,
            "head": self.head.document() if self.head else None,
            "scores": _moved_scores(self.base, self.head),
        }


ORDER = ("worse", "better", "mixed", "plan", "text", "base only", "head only", "same")
"""What can become of a scenario, most telling first."""


def paired_models(base: RunRecord, head: RunRecord) -> tuple[tuple[str, str], ...]:
    """Return which model of one run is compared with which of the other.

    Models of the same name belong together; so do two of different names that are alone.
    """
    then = [entry.reference for entry in base.manifest.models]
    now = [entry.reference for entry in head.manifest.models]
    shared = tuple((name, name) for name in now if name in then)
    if not shared and len(then) == len(now) == 1:
        return ((then[0], now[0]),)
    return shared


def document(
    base: RunRecord,
    head: RunRecord,
    pairs: Sequence[tuple[str, str]],
    *,
    most_bytes: int = MOST_BYTES,
) -> JsonObject:
    """Return what the page's script reads.

    Args:
        base: the run to compare with.
        head: the run that is judged.
        pairs: which model of one is laid beside which of the other.
        most_bytes: how large the trials that are kept in full may be together.
    """
    rows = sorted(_rows(base, head, pairs), key=lambda row: ORDER.index(row.change))
    places = _described(base) | _described(head)
    chosen = [row for row in rows if row.change != "same" and row.chosen is not None]
    kept = _kept(base, head, chosen, most_bytes=most_bytes)
    names = {row.scenario for row in rows}
    return {
        "models": [entry.model_dump() for entry in head.manifest.models],
        "scenarios": [item.model_dump() for name, item in places.items() if name in names],
        "rows": [{**row.document(), **kept.get(row.place, {})} for row in rows],
        "leftOut": len(chosen) - len(kept),
    }


def _described(run: RunRecord) -> dict[str, ManifestScenario]:
    return {item.id: item for item in run.manifest.scenarios}


def _courses(run: RunRecord) -> Mapping[tuple[str, str], _Course]:
    courses: dict[tuple[str, str], _Course] = defaultdict(_Course)
    for record in run.trials():
        courses[record.key.scenario, record.key.model].add(record)
    return courses


def _rows(base: RunRecord, head: RunRecord, pairs: Sequence[tuple[str, str]]) -> Iterator[_Row]:
    then, now = _courses(base), _courses(head)
    old, new = _described(base), _described(head)
    for models in pairs:
        for scenario in {**new, **old}:
            mine, theirs = then.get((scenario, models[0])), now.get((scenario, models[1]))
            if mine is None and theirs is None:
                continue
            reworded = (
                scenario in old and scenario in new and old[scenario].digest != new[scenario].digest
            )
            yield _Row(
                scenario=scenario,
                models=models,
                change=_change(mine, theirs, reworded=reworded),
                base=mine,
                head=theirs,
            )


def _change(base: _Course | None, head: _Course | None, *, reworded: bool) -> str:
    if base is None or head is None:
        return "head only" if base is None else "base only"
    if reworded:
        return "text"
    if base.share is not None and head.share is not None and base.share != head.share:
        return "worse" if head.share < base.share else "better"
    if base.scored != head.scored or _verdicts(base) != _verdicts(head):
        return "mixed"
    return "plan" if base.trials != head.trials else "same"


def _verdicts(course: _Course) -> dict[int, bool]:
    return {index: good for index, (good, _) in course.trials.items()}


def _moved_scores(base: _Course | None, head: _Course | None) -> list[list[JsonValue]]:
    """Return the scorers whose mean moved: name, base, head."""
    if base is None or head is None:
        return []
    return [
        [name, then, now]
        for name in sorted(base.scores.keys() | head.scores.keys())
        if (then := _mean(base.scores.get(name))) != (now := _mean(head.scores.get(name)))
    ]


def _mean(values: list[float] | None) -> float | None:
    return round(sum(values) / len(values), SCORE_DIGITS) if values else None


def _kept(
    base: RunRecord, head: RunRecord, rows: list[_Row], *, most_bytes: int
) -> dict[tuple[str, str], JsonObject]:
    """Return by row the chosen trials of both sides, until they are large enough together."""
    then = _fetched(base, {_key(row, 0) for row in rows})
    now = _fetched(head, {_key(row, 1) for row in rows})
    kept: dict[tuple[str, str], JsonObject] = {}
    size = 0
    for row in rows:
        mine, theirs = then[_key(row, 0)], now[_key(row, 1)]
        shown = {
            "index": row.chosen,
            "message": theirs.message,
            "golden": theirs.golden,
            "baseTrial": trial_document(mine),
            "headTrial": trial_document(theirs),
        }
        size += len(orjson.dumps(shown))
        if size > most_bytes:
            break
        kept[row.place] = shown
    return kept


def _key(row: _Row, side: int) -> TrialKey:
    return TrialKey(scenario=row.scenario, model=row.models[side], index=row.chosen or 0)


def _fetched(run: RunRecord, keys: set[TrialKey]) -> dict[TrialKey, TrialRecord]:
    return {record.key: record for record in run.trials() if record.key in keys}


def _spelled(value: JsonValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
