"""Keep a remote run's answers and spend in the journal of its folder, as a local run does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from harness.budget import Spend
from harness.cassette.journal import Journal
from harness.cassette.tape import Call
from harness.remote.answering import KeptCall
from harness.replay import Contender
from harness.trial import TrialKey
from runtime.public import Price


@dataclass(slots=True, kw_only=True)
class Accounts:
    """Hold what the trials of a run were answered and what it cost.

    Attributes:
        journal: of the run's folder; None where answers are free and need not be kept.
        prices: by model reference.
        known: answers by trial, then by position.
    """

    journal: Journal | None
    prices: Mapping[str, Price | None]
    known: defaultdict[TrialKey, dict[int, Call]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    @contextmanager
    def of(cls, folder: Path, contenders: Mapping[str, Contender], *, paid: bool) -> Iterator[Self]:
        """Open the journal of a run's folder, if any of its answers costs something.

        Raises:
            RunError: the journal can't be used.
        """
        prices = {name: item.price for name, item in contenders.items()}
        if not paid:
            yield cls(journal=None, prices=prices)
            return
        with Journal.open(folder) as journal:
            accounts = cls(journal=journal, prices=prices)
            for call in journal.calls():
                accounts.known[call.key][call.position] = call
            yield accounts

    def answered(self, calls: Iterable[KeptCall]) -> None:
        """Write down the answers that the journal does not hold yet.

        Raises:
            RunError: the journal can't be written.
        """
        for kept in calls:
            call = kept.call
            before = self.known[call.key].get(call.position)
            if self.journal is None or (before and before.address.whole == call.address.whole):
                continue
            self.journal.write(call, settled=kept.settled)
            self.known[call.key][call.position] = call

    def answers(self, key: TrialKey) -> tuple[KeptCall, ...]:
        """Return what a trial was answered so far."""
        return tuple(KeptCall(call=call, settled=None) for call in self.known[key].values())

    def spent(self) -> Spend:
        """Return what the run used so far."""
        return Spend() if self.journal is None else self.journal.spent(self.prices)

    def settle(self, total: Spend) -> None:
        """Write down what was used beyond the answers: by calls that failed or were cut off.

        Raises:
            RunError: the journal can't be written.
        """
        known = self.spent()
        beyond = Spend(
            tokens=max(0, total.tokens - known.tokens),
            cost_micros=max(0, total.cost_micros - known.cost_micros),
        )
        if self.journal is not None and beyond != Spend():
            self.journal.give_back(self.journal.set_aside(beyond), beyond)
