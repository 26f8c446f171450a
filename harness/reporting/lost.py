"""Say why trials were lost, so that a wrong address or a refused key is seen without the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.reporting.wording import plural, shortened
from harness.trial import TrialRecord, TrialStatus

MAX_FAULT = 240
MAX_LINES = 5


def lost_lines(trials: Iterable[TrialRecord]) -> tuple[str, ...]:
    """Return a line for each model and fault, the most frequent first."""
    counted = Counter(
        (trial.key.model, _fault(trial)) for trial in trials if trial.status != TrialStatus.SCORED
    )
    lines = [
        f"{plural(number, 'trial')} of {model} lost: {fault}"
        for (model, fault), number in counted.most_common(MAX_LINES)
    ]
    more = len(counted) - MAX_LINES
    return (*lines, f"and {plural(more, 'other fault')}") if more > 0 else tuple(lines)


def _fault(trial: TrialRecord) -> str:
    """Return the fault without the model's name, which the line begins with."""
    text = trial.fault.removeprefix(f"{trial.key.model}: ")
    return shortened(" ".join(text.split()), most=MAX_FAULT)
