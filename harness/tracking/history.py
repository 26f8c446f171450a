"""Read back from the tracking store how models did over their runs, for trends and dashboards.

Callers get plain values: the store is asked by a child process, so MLflow costs them nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from harness.settings import HarnessSettings
from harness.tracking.child import READ, answer_of
from runtime.public import JsonObject

MOST_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Hold what one model reached in one run.

    Attributes:
        run: id of the run, which is also the name of its folder.
        created: when it began, as ISO 8601 text.
        model: the model's reference.
        scored: trials that count.
        pass_rate: share of them that passed; None when none counts.
        interval: 95 % interval of the pass rate; None likewise.
        findings: governance findings.
        cost_micros: millionths of a US dollar; None when a price is unknown.
        latency_p95_s: 95th percentile; None without a scored trial.
        verdict: the gate's word for the whole run; None when it was not gated.
        suite_digest: digest over the scenarios.
        comparability: digest of what must be equal before figures may be compared.
        store_run: id of the parent run in the store, which holds the report and all files.
    """

    run: str
    created: str
    model: str
    scored: int
    pass_rate: float | None
    interval: tuple[float, float] | None
    findings: int
    cost_micros: int | None
    latency_p95_s: float | None
    verdict: str | None
    suite_digest: str
    comparability: str
    store_run: str

    @classmethod
    def from_document(cls, document: JsonObject) -> Point:
        """Read a point back from the JSON that the child process printed."""
        low_high = document["interval"]
        return cls(**{**document, "interval": None if low_high is None else tuple(low_high)})

    def comparable_with(self, other: Point) -> bool:
        """Say whether two points may be joined by a line: same scenarios under equal conditions."""
        mine = (self.suite_digest, self.comparability)
        return mine == (other.suite_digest, other.comparability)


def history(
    settings: HarnessSettings, *, models: Collection[str] = (), limit: int = MOST_POINTS
) -> list[Point]:
    """Return the latest points, oldest first; one for each model of each run.

    A run that was logged several times, because it was resumed, counts as it was logged last.

    Args:
        settings: where the store is, and the environment for it.
        models: references; empty means all.
        limit: how many points at most.

    Raises:
        TrackingError: MLflow is not installed, or the store can't be read; one line says why.
    """
    answer = answer_of(READ, ["history", str(limit), *models], settings)
    return [Point.from_document(document) for document in answer]
