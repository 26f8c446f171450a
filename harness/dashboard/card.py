"""Hold what the list shows of a run, wherever it was read from: its folder, the store, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from harness.tracking.history import Point


class RunState(StrEnum):
    """Say whether a run goes on, broke off, ended, or can't be read."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Show one model of a run.

    Attributes:
        label: what answered, in words; empty when only the store knows the run.
        offline: the model is a stand-in, no language model.
        done: trials that ended; `lost` of them don't count.
        pass_rate: share of the scored trials that passed; None without one.
        interval: 95 % interval; None while the run goes on.
        suite_digest, comparability: what must be equal before a line joins two runs.
    """

    model: str
    label: str = ""
    offline: bool = False
    done: int = 0
    lost: int = 0
    scored: int
    pass_rate: float | None
    interval: tuple[float, float] | None
    findings: int
    cost_micros: int | None
    latency_p95_s: float | None
    suite_digest: str
    comparability: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what must be equal before figures are compared."""
        return (self.suite_digest, self.comparability)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """Show one run.

    Attributes:
        run: its id.
        folder: its name in the listing of folders; None when only the store knows it.
        created: when it began, as ISO 8601 text; empty when that can't be read.
        verdict: the gate's word; None when it was not gated.
        scenarios: how many; None when only the store knows the run.
        planned: trials that were asked for; `early` ones may end before that.
        problem: why its folder can't be read.
        store_run: its id in the tracking store; empty when it was not logged.
    """

    run: str
    folder: str | None
    created: str
    state: RunState
    verdict: str | None = None
    scenarios: int | None = None
    planned: int = 0
    early: bool = False
    models: tuple[ModelCard, ...] = ()
    problem: str = ""
    store_run: str = ""

    @property
    def done(self) -> int:
        """Return how many trials ended."""
        return sum(item.done for item in self.models)

    @property
    def word(self) -> str:
        """Return how it ended, or in which state it is, as the filter offers it."""
        if self.state is not RunState.FINISHED:
            return self.state.value
        return self.verdict or "not gated"


def merged(folders: tuple[RunCard, ...], points: tuple[Point, ...]) -> tuple[RunCard, ...]:
    """Join what folders and the store know of the same runs, newest first.

    A folder knows more than the store does, so its figures are the ones that are shown.
    """
    of_store = _stored(points)
    known = {card.run for card in folders}
    cards = [
        replace(card, store_run=of_store[card.run].store_run) if card.run in of_store else card
        for card in folders
    ]
    cards += [card for run, card in of_store.items() if run not in known]
    return tuple(sorted(cards, key=_latest_first, reverse=True))


def _latest_first(card: RunCard) -> tuple[bool, str, str]:
    return (card.state is RunState.RUNNING, card.created, card.run)


def _stored(points: tuple[Point, ...]) -> dict[str, RunCard]:
    found: dict[str, RunCard] = {}
    for point in points:
        before = found.get(point.run)
        found[point.run] = RunCard(
            run=point.run,
            folder=None,
            created=point.created,
            state=RunState.FINISHED,
            verdict=point.verdict,
            models=(*(before.models if before else ()), _model(point)),
            store_run=point.store_run,
        )
    return found


def _model(point: Point) -> ModelCard:
    return ModelCard(
        model=point.model,
        done=point.scored,
        scored=point.scored,
        pass_rate=point.pass_rate,
        interval=point.interval,
        findings=point.findings,
        cost_micros=point.cost_micros,
        latency_p95_s=point.latency_p95_s,
        suite_digest=point.suite_digest,
        comparability=point.comparability,
    )
