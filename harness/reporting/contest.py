"""Prepare how the models of a run stand to each other for the page: chart, table and matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from harness.record import RunRecord
from harness.reporting.charts import Axis, Tick, amount_axis, share_axis
from harness.reporting.wording import dollars, duration
from harness.standing import Contestant, Standing, Versus, contestants_of, stand

PRICED_TRIALS = 1000
"""Costs are told for so many trials: one trial is a fraction of a cent."""
FREE_BAND = 9.0
NEAR_X, NEAR_Y = 3.0, 6.0
"""How near two marks may lie, in percent, before one is moved aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Place one model on a chart; `front` fills it, a stand-in is drawn dashed."""

    key: str
    name: str
    x: float
    y: float
    low: float
    high: float
    front: bool
    offline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class XTick:
    """Mark a place on the horizontal axis with what it means."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Draw quality over one price: money or time."""

    title: str
    marks: tuple[Mark, ...]
    x_ticks: tuple[XTick, ...]
    y_ticks: tuple[Tick, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Tell about one model what the charts show."""

    key: str
    contestant: Contestant
    cost_micros: int | None
    groups: tuple[bool, ...]
    beaten_by: str | None
    front: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Hold what the page shows about models among each other.

    Attributes:
        matrix: by model all better ones' pairs with it; a row is the better model's.
    """

    sentence: str
    rows: tuple[Row, ...]
    panels: tuple[Panel, ...]
    matrix: tuple[tuple[Row, tuple[Versus | None, ...]], ...]


def contest_of(run: RunRecord) -> Contest | None:
    """Compare the models of a run; None when fewer than two have figures."""
    standing = stand(contestants_of(run.summary.models, run.manifest))
    if len(standing.contestants) < 2:  # noqa: PLR2004  # it takes two
        return None
    rows = tuple(_row(at, item, standing) for at, item in enumerate(standing.contestants))
    return Contest(
        sentence=sentence(standing),
        rows=rows,
        panels=(_costs(rows), _waits(rows)),
        matrix=tuple(
            (row, tuple(_pair(standing, row, other) for other in rows[1:])) for row in rows[:-1]
        ),
    )


def sentence(standing: Standing) -> str:
    """Say in a sentence what the groups mean."""
    if len(standing.groups) == 1:
        return "No two models are told apart: another run could turn their order over."
    if all(len(group) == 1 for group in standing.groups):
        return "Every two models are told apart."
    return "Models that share a group are not told apart: another run could turn their order over."


def _row(at: int, item: Contestant, standing: Standing) -> Row:
    keys = {other.name: _key(place) for place, other in enumerate(standing.contestants)}
    beaten_by = standing.dominated.get(item.name)
    each = item.cost_micros
    return Row(
        key=_key(at),
        contestant=item,
        cost_micros=None if each is None else round(each * PRICED_TRIALS),
        groups=tuple(item.name in group for group in standing.groups),
        beaten_by=keys[beaten_by] if beaten_by else None,
        front=item.name in standing.front,
    )


def _key(at: int) -> str:
    return ascii_uppercase[at] if at < len(ascii_uppercase) else str(at + 1)


def _pair(standing: Standing, row: Row, other: Row) -> Versus | None:
    """Return the pair where the row's model is the better one, which fills half of the matrix."""
    pair = standing.versus(row.contestant.name, other.contestant.name)
    return pair if pair is not None and pair.better == row.contestant.name else None


def _costs(rows: Sequence[Row]) -> Panel:
    """Draw quality over cost; what is free has a band of its own where others have a price."""
    priced = [row.cost_micros for row in rows if row.cost_micros]
    free = any(row.cost_micros == 0 for row in rows)
    axis = amount_axis(priced, start=6.0 + FREE_BAND * (free and bool(priced)))
    places = {row.key: _cost_place(axis, row.cost_micros) for row in rows}
    ticks = [XTick(at=tick.at, text=dollars(round(tick.value))) for tick in axis.marks]
    if free:
        ticks = [XTick(at=6.0, text="free"), *(tick for tick in ticks if tick.text != "$0")]
    return _panel(
        f"Cost of {PRICED_TRIALS:,} trials", rows, places, ticks=ticks if priced else ticks[:1]
    )


def _cost_place(axis: Axis, cost: int | None) -> float | None:
    if cost is None:
        return None
    return axis.at(cost) if cost else 6.0


def _waits(rows: Sequence[Row]) -> Panel:
    waits = {row.key: row.contestant.latency_p95_s for row in rows}
    axis = amount_axis([value for value in waits.values() if value is not None])
    places = {key: None if value is None else axis.at(value) for key, value in waits.items()}
    ticks = [XTick(at=tick.at, text=duration(tick.value)) for tick in axis.marks]
    return _panel("Latency, 95th percentile", rows, places, ticks=ticks)


def _panel(
    title: str, rows: Sequence[Row], places: dict[str, float | None], *, ticks: list[XTick]
) -> Panel:
    axis = share_axis([row.contestant.interval[0] for row in rows if row.contestant.interval])
    marks: list[Mark] = []
    for row in rows:
        place = places[row.key]
        if place is not None:
            marks.append(_aside(_mark(row, place, axis), marks))
    return Panel(
        title=title,
        marks=tuple(marks),
        x_ticks=tuple(ticks),
        y_ticks=axis.marks,
        left_out=tuple(row.key for row in rows if places[row.key] is None),
    )


def _mark(row: Row, place: float, axis: Axis) -> Mark:
    rate = row.contestant.quality or 0.0
    low, high = row.contestant.interval or (rate, rate)
    return Mark(
        key=row.key,
        name=row.contestant.name,
        x=place,
        y=axis.at(rate),
        low=axis.at(low),
        high=axis.at(high),
        front=row.front,
        offline=row.contestant.offline,
    )


def _aside(mark: Mark, placed: Sequence[Mark]) -> Mark:
    """Move a mark to the right until it hides no other."""
    while any(abs(mark.x - o.x) < NEAR_X and abs(mark.y - o.y) < NEAR_Y for o in placed):
        mark = replace(mark, x=round(mark.x + NEAR_X, 2))
    return mark
