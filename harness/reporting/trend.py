"""Prepare how models did over their runs, from the `history.json` that lies in a run's folder.

The file is a list of points as `harness.tracking` reads them back; a folder without it has no
trend. Runs of other scenarios or under other conditions are shown, but no line joins them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from harness.record import RunRecord
from harness.reporting.charts import Axis, Tick, even_places, share_axis
from harness.results import HISTORY, RunError

MOST_RUNS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """Read of a point what the chart shows."""

    run: str
    created: str
    model: str
    scored: int
    pass_rate: float | None
    interval: tuple[float, float] | None
    verdict: str | None
    suite_digest: str
    comparability: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what must be equal before a line joins two points."""
        return (self.suite_digest, self.comparability)


_POINTS = TypeAdapter(list[TrendPoint])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """Place one run on a model's chart.

    Attributes:
        comparable: with the latest run.
        joined: place of the last comparable run before it, or None.
    """

    point: TrendPoint
    x: float
    y: float
    low: float
    high: float
    comparable: bool
    joined: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Hold one model's chart; `left_out` counts earlier runs."""

    model: str
    dots: tuple[Dot, ...]
    y_ticks: tuple[Tick, ...]
    left_out: int


def read_history(folder: Path) -> tuple[TrendPoint, ...]:
    """Read the points, oldest first; none where the folder has no history.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / HISTORY
    if not path.exists():
        return ()
    try:
        return tuple(_POINTS.validate_python(orjson.loads(path.read_bytes())))
    except (orjson.JSONDecodeError, ValidationError) as error:
        reason = str(error).replace("\n", " ")
        raise RunError(f"{path} is damaged: {reason}; remove the file to report again") from error


def trends_of(run: RunRecord) -> tuple[Trend, ...]:
    """Return a chart for each model of the run that has earlier runs; a replay has none.

    What a replay found lies in its cassettes: it is no new point in time.
    """
    if run.manifest.replays:
        return ()
    by_model: dict[str, list[TrendPoint]] = defaultdict(list)
    for point in read_history(run.folder):
        if point.pass_rate is not None:
            by_model[point.model].append(point)
    return tuple(
        _trend(entry.reference, points)
        for entry in run.manifest.models
        if len(points := by_model[entry.reference]) > 1
    )


def _trend(model: str, points: Sequence[TrendPoint]) -> Trend:
    shown = points[-MOST_RUNS:]
    axis = share_axis([point.interval[0] for point in shown if point.interval])
    return Trend(
        model=model,
        dots=_dots(shown, axis),
        y_ticks=axis.marks,
        left_out=len(points) - len(shown),
    )


def _dots(points: Sequence[TrendPoint], axis: Axis) -> tuple[Dot, ...]:
    last: dict[tuple[str, str], tuple[float, float]] = {}
    dots = []
    for point, x in zip(points, even_places(len(points)), strict=True):
        rate = point.pass_rate or 0.0
        low, high = point.interval or (rate, rate)
        dots.append(
            Dot(
                point=point,
                x=x,
                y=axis.at(rate),
                low=axis.at(low),
                high=axis.at(high),
                comparable=point.key == points[-1].key,
                joined=last.get(point.key),
            )
        )
        last[point.key] = (x, axis.at(rate))
    return tuple(dots)
