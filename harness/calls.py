"""Decide where a run's answers come from: cassettes, its own journal, or the models themselves.

A run that asks live keeps each call in its folder, so that no call is paid for twice, and draws on
its budget; a run that records puts its calls on the shelf when it ends, whole or not.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from harness.bootstrap import ConfigurationError
from harness.budget import NOTHING, Allowance, Budget, Spend, UnknownPriceError
from harness.cassette.channel import TrialModel
from harness.cassette.journal import CALLS, Journal
from harness.cassette.player import Player
from harness.cassette.shelf import Shelf
from harness.replay import Contender
from harness.trial import TrialKey
from runtime.public import Price, SystemClock, parse_model_reference


class CallSource(StrEnum):
    """Say where answers come from."""

    LIVE = "live"
    REPLAY = "replay"
    RECORD = "record"
    RECORD_MISSING = "record-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Hold how a run gets its answers and what it may spend on them.

    Attributes:
        shelf: the cassettes.
        environments: the environment of every scenario, for recordings.
        max_cost_micros, max_tokens: caps over the whole run, resumed or not; None: no cap.
        before: what the caps have to bear already: the run of the revision to beat.
    """

    source: CallSource
    shelf: Shelf
    environments: Mapping[str, str] = field(default_factory=dict)
    max_cost_micros: int | None = None
    max_tokens: int | None = None
    before: Spend = NOTHING

    @property
    def capped(self) -> bool:
        """Say whether there is a budget."""
        return self.max_cost_micros is not None or self.max_tokens is not None

    @property
    def records(self) -> bool:
        """Say whether calls go on the shelf."""
        return self.source in {CallSource.RECORD, CallSource.RECORD_MISSING}

    @contextmanager
    def kept(
        self, folder: Path, contenders: Mapping[str, Contender], *, done: Container[TrialKey]
    ) -> Iterator[Mapping[str, Contender]]:
        """Give contenders a journal in the run's folder, and put recordings on the shelf after.

        Args:
            folder: the run's folder.
            contenders: who is asked.
            done: grows by each finished trial; only those are recorded, for half a trial replays
                to nothing.

        Raises:
            RunError: the journal can't be used.
            CassetteError: the shelf can't be read or written.
            ConfigurationError: a cap on cost, and a model whose price nobody knows.
        """
        if self.source is CallSource.REPLAY or not self._paid(contenders):
            yield contenders
            return
        with Journal.open(folder) as journal:
            budget = self._budget(journal, contenders, folder=folder) if self.capped else None
            try:
                yield {
                    name: self._journaled(journal, item, budget)
                    for name, item in contenders.items()
                }
            finally:
                if self.records:
                    self.shelf.merge(
                        [call for call in journal.calls() if call.key in done],
                        environments=self.environments,
                        native_tools={
                            name: item.model.native_tools for name, item in contenders.items()
                        },
                        recorded=SystemClock().now().date().isoformat(),
                    )

    def _paid(self, contenders: Mapping[str, Contender]) -> bool:
        """Say whether any call is worth keeping: offline answers are free and always the same."""
        return self.records or not all(item.model.offline for item in contenders.values())

    def _budget(
        self, journal: Journal, contenders: Mapping[str, Contender], *, folder: Path
    ) -> Budget:
        return Budget(
            max_cost_micros=self.max_cost_micros,
            max_tokens=self.max_tokens,
            spent=journal.spent(prices_of(contenders)).plus(self.before),
            folder=str(folder),
        )

    def _journaled(
        self, journal: Journal, contender: Contender, budget: Budget | None
    ) -> Contender:
        offline = contender.model.offline
        if offline and not self.records:
            return contender
        allowance = None if budget is None or offline else _allowance(budget, contender)
        missing_only = self.source is CallSource.RECORD_MISSING
        player = Player(shelf=self.shelf, reference=contender.reference) if missing_only else None

        def for_trial(key: TrialKey) -> TrialModel:
            return journal.for_trial(
                key,
                contender.model,
                monotonic_s=SystemClock().monotonic_s,
                allowance=allowance,
                recorded=player,
            )

        return replace(contender, for_trial=for_trial)


NO_CALLS = Calls(source=CallSource.REPLAY, shelf=Shelf(Path()))
"""Leave contenders as they are."""


def prices_of(contenders: Mapping[str, Contender]) -> dict[str, Price | None]:
    """Return what the models cost, by reference."""
    return {name: item.price for name, item in contenders.items()}


def spent_in(folder: Path, contenders: Mapping[str, Contender]) -> Spend:
    """Return what a run used, by its journal; a run without paid calls has none.

    Raises:
        RunError: the journal can't be read, or another process writes it.
    """
    if not (folder / CALLS).exists():
        return NOTHING
    with Journal.open(folder) as journal:
        return journal.spent(prices_of(contenders))


def _allowance(budget: Budget, contender: Contender) -> Allowance:
    try:
        return Allowance(
            budget=budget,
            reference=parse_model_reference(contender.reference),
            pricing=contender.price,
        )
    except UnknownPriceError as error:
        raise ConfigurationError(str(error)) from error
