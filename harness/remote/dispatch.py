"""Do the trials of a run on many machines: the counterpart of `harness.run.do_trials`.

This process alone writes the run's folder. It sends batches, takes each trial's first record, and
sends anew what a worker that died left: nobody is at it, and nobody said that it is over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.budget import NOTHING, Spend
from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.remote.accounts import Accounts
from harness.remote.link import BrokerError, Link
from harness.remote.parcel import trial_text
from harness.remote.purse import Purse
from harness.remote.queue import Sender
from harness.remote.rates import Rate
from harness.remote.round import Round
from harness.remote.store import RunStore
from harness.remote.terms import Terms, terms_of
from harness.replay import Contender
from harness.results import RunError, read_manifest
from harness.trial import TrialRecord
from runtime.public import Price, SystemClock, parse_model_reference


class Contested(Protocol):
    """Hold what `harness.run.Contest` holds, as far as it is needed here."""

    @property
    def scenarios(self) -> Mapping[str, PreparedScenario]:
        """Return what is replayed, by id."""
        ...

    @property
    def contenders(self) -> Mapping[str, Contender]:
        """Return who is asked, by reference."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Say where the machines of a run meet and what binds them.

    Attributes:
        broker: address of the Redis; it may hold a password and is never shown with it.
        folder: of the run, with its manifest.
        prices: as given for this run, by reference.
        rates: what providers allow, by model or provider.
        max_cost_micros, max_tokens: caps over the whole run.
        before: what the caps have to bear already: the run of the revision to beat.
        lease_s: after so long without a sign of life a batch is taken from its worker.
        idle_s: how long to wait for a first worker.
        told: says that nobody works yet.
    """

    broker: str
    folder: Path
    prices: Mapping[str, Price] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
    max_cost_micros: int | None = None
    max_tokens: int | None = None
    before: Spend = NOTHING
    lease_s: float = 15.0
    idle_s: float = 600.0
    told: Callable[[str], None] = lambda _: None

    @property
    def capped(self) -> bool:
        """Say whether there is a budget."""
        return self.max_cost_micros is not None or self.max_tokens is not None


async def do_trials_remotely(
    contest: Contested,
    jobs: Iterator[TrialJob],
    sink: Callable[[TrialRecord], None],
    *,
    remote: Remote,
) -> str | None:
    """Have every job done by workers; `partial(do_trials_remotely, remote=...)` is a `do_trials`.

    Cancelling tells the workers to begin nothing more; what reached the sink stays, and what they
    still finish is found by whoever resumes the run.

    Returns:
        why jobs were left undone: the budget is spent. Trials that were under way then ended.

    Raises:
        RunError: the broker does not serve, a worker has other code or scenarios, no worker came,
            or a batch kills whoever takes it.
    """
    waiting = {trial_text(job.key): job for job in jobs}
    if not waiting:
        return None
    try:
        return await _carried(contest, waiting, sink, remote=remote)
    except BrokerError as error:
        raise RunError(
            f"{error}; finished trials are kept: go on with "
            f"`plangate eval run --resume {remote.folder} --executor celery --broker URL`"
        ) from error


async def _carried(
    contest: Contested,
    waiting: dict[str, TrialJob],
    sink: Callable[[TrialRecord], None],
    *,
    remote: Remote,
) -> str | None:
    async with AsyncExitStack() as stack:
        link = Link(remote.broker)
        stack.push_async_callback(link.close)
        sender = Sender(remote.broker)
        stack.callback(sender.close)
        paid = not all(item.model.offline for item in contest.contenders.values())
        opened = Accounts.of(remote.folder, contest.contenders, paid=paid)
        accounts = stack.enter_context(opened)
        terms = _terms(remote, contest)
        purse = Purse(link, terms.run) if terms.capped else None
        if purse is not None:
            await purse.begin(
                max_tokens=remote.max_tokens,
                max_cost_micros=remote.max_cost_micros,
                spent=accounts.spent().plus(remote.before),
            )
        round_ = Round(
            terms=terms,
            store=RunStore(link, terms.run),
            sender=sender,
            accounts=accounts,
            waiting=waiting,
            sink=sink,
            monotonic_s=SystemClock().monotonic_s,
            idle_s=remote.idle_s,
            told=remote.told,
        )
        stopped = await round_.carry_through()
        if purse is not None:
            accounts.settle((await purse.total()).plus(remote.before.negated()))
        await round_.store.forget(*(() if purse is None else purse.keys))
        return (
            stopped
            and f"{stopped}; finished trials are kept: go on with "
            f"`plangate eval run --resume {remote.folder} --max-cost N` and a higher cap"
        )


def _terms(remote: Remote, contest: Contested) -> Terms:
    """State the terms that workers must meet.

    Raises:
        RunError: the manifest can't be read.
    """
    return terms_of(
        read_manifest(remote.folder),
        contest.scenarios,
        contest.contenders,
        generation=secrets.token_hex(8),
        prices={
            parse_model_reference(name).safe_text: (f"{price.prompt:f}", f"{price.completion:f}")
            for name, price in remote.prices.items()
        },
        rates=dict(remote.rates),
        lease_ms=round(remote.lease_s * 1000),
        capped=remote.capped,
    )
