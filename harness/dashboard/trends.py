"""Place each model's runs on a chart over time; a line joins runs that may be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from harness.dashboard.card import ModelCard, RunCard, RunState
from harness.reporting.charts import Axis, Tick, even_places, share_axis

MOST_RUNS: Final = 30
MOST_MODELS: Final = 12

Reached: TypeAlias = tuple[RunCard, ModelCard]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """Place one run of a model, in percent of width and height.

    Attributes:
        low, high: ends of the interval; equal to `y` where there is none.
        comparable: with the latest run.
        champion: the run was blessed.
        joined: place of the last run before it with the same key, or None.
    """

    card: RunCard
    model: ModelCard
    x: float
    y: float
    low: float
    high: float
    comparable: bool
    champion: bool
    joined: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Hold one model's chart; `left_out` counts earlier runs that are not on it."""

    model: str
    offline: bool
    dots: tuple[Dot, ...]
    y_ticks: tuple[Tick, ...]
    left_out: int

    @property
    def latest(self) -> Dot:
        """Return the last run."""
        return self.dots[-1]


def trends_of(cards: Iterable[RunCard], champions: Mapping[str, str]) -> tuple[Trend, ...]:
    """Return a chart for each model with a finished run, the one that ran last first.

    Args:
        cards: newest first.
        champions: by model, the run that was blessed.
    """
    by_model: dict[str, list[Reached]] = defaultdict(list)
    for card in cards:
        if card.state is RunState.FINISHED:
            for model in card.models:
                if model.pass_rate is not None:
                    by_model[model.model].append((card, model))
    return tuple(
        _trend(name, reached, champion=champions.get(name)) for name, reached in by_model.items()
    )


def _trend(name: str, newest_first: list[Reached], *, champion: str | None) -> Trend:
    shown = newest_first[:MOST_RUNS][::-1]
    axis = share_axis([model.interval[0] for _, model in shown if model.interval])
    return Trend(
        model=name,
        offline=newest_first[0][1].offline,
        dots=_dots(shown, axis, champion=champion),
        y_ticks=axis.marks,
        left_out=len(newest_first) - len(shown),
    )


def _dots(shown: list[Reached], axis: Axis, *, champion: str | None) -> tuple[Dot, ...]:
    latest, last, dots = shown[-1][1], dict[tuple[str, str], tuple[float, float]](), []
    for (card, model), x in zip(shown, even_places(len(shown)), strict=True):
        rate = model.pass_rate or 0.0
        low, high = model.interval or (rate, rate)
        y = axis.at(rate)
        dots.append(
            Dot(
                card=card,
                model=model,
                x=x,
                y=y,
                low=axis.at(low),
                high=axis.at(high),
                comparable=model.key == latest.key,
                champion=card.run == champion,
                joined=last.get(model.key),
            )
        )
        last[model.key] = (x, y)
    return tuple(dots)
