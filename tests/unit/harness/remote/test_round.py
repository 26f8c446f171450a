"""Prove that a round comes home whatever the queue does, and that no trial counts twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from harness.remote.link import BrokerError, Link
from harness.remote.parcel import trial_text
from harness.remote.round import MOST_LOSSES
from harness.remote.store import RunStore, be_present
from harness.trial import TrialRecord
from tests.unit.harness.remote.bench import (
    Line,
    a_counter_world,
    a_round,
    a_workshop,
    the_terms,
)
from tests.unit.harness.remote.machines import Prepared, a_run
from tests.worlds import a_record


@pytest.fixture
def run(tmp_path: Path) -> Prepared:
    """Open a run of six trials."""
    return a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle", trials=6)


@pytest.fixture
async def line(run: Prepared, link: Link) -> AsyncIterator[Line]:
    """Let one workshop serve."""
    line = Line(workshop=a_workshop(run, link))
    yield line
    for task in line.tasks:
        await task


def indexes(records: list[TrialRecord]) -> list[int]:
    """Return which repetitions came home."""
    return sorted(record.key.index for record in records)


async def test_every_trial_comes_home_once(run: Prepared, link: Link, line: Line) -> None:
    """Also when the queue delivers twice."""
    line.twice = True
    round_, records = a_round(run, link, line)

    assert await round_.carry_through() is None

    assert indexes(records) == list(range(6))
    assert not await round_.store.going("now")


async def test_a_message_that_never_arrives_is_sent_again(
    run: Prepared, link: Link, line: Line
) -> None:
    """Nobody is at it, nothing waits in the queue, so it was lost."""
    line.lose = 2
    await be_present(link, "w")
    round_, records = a_round(run, link, line)

    await round_.carry_through()

    assert indexes(records) == list(range(6))
    assert len(line.sent) == 8


async def test_what_waits_in_the_queue_is_not_lost(run: Prepared, link: Link, line: Line) -> None:
    """A long queue is no reason to send anything again."""
    line.lose = 6
    await link.do("RPUSH", "plangate.eval", "somebody's")
    round_, _ = a_round(run, link, line, idle_s=0.3)

    with pytest.raises(BrokerError, match=r"no worker came in 0\.3 s"):
        await round_.carry_through()

    assert len(line.sent) == 6


async def test_a_batch_that_kills_its_workers_ends_the_run(
    run: Prepared, link: Link, line: Line
) -> None:
    """It is not sent for ever."""
    line.lose = 1_000
    await be_present(link, "w")
    round_, _ = a_round(run, link, line)

    with pytest.raises(BrokerError, match=rf"lost {MOST_LOSSES + 1} times.*counter-set-three"):
        await round_.carry_through()

    assert not await round_.store.going("now")


async def test_a_trial_that_was_done_meanwhile_is_taken_and_a_lost_one_redone(
    run: Prepared, link: Link, line: Line
) -> None:
    """An earlier process of the run may have left both."""
    first, records = a_round(run, link, line)
    await first.carry_through()
    store, (done, lost) = RunStore(link, "run"), sorted(records, key=lambda it: it.key.index)[:2]
    await store.undo([trial_text(it.key) for it in records if it not in [done, lost]])
    document = (await store.documents([trial_text(lost.key)]))[trial_text(lost.key)]
    await store.undo([trial_text(lost.key)])
    document["record"]["status"] = "infrastructure"
    await store.finish(trial_text(lost.key), orjson.dumps(document))
    line.sent.clear()

    second, again = a_round(run, link, line)
    await second.carry_through()

    assert indexes(again) == list(range(6))
    sent = {job.key for batch in line.sent for job in batch.jobs}
    assert (done.key in sent, lost.key in sent) == (False, True)


async def test_a_refusal_ends_the_round(run: Prepared, link: Link) -> None:
    """Nothing was scored by the worker that refused."""
    line = Line(workshop=a_workshop(run, link, code="other"))
    round_, records = a_round(run, link, line)

    with pytest.raises(BrokerError, match="worker w: it runs plangate other"):
        await round_.carry_through()

    assert records == []
    for task in line.tasks:
        await task


async def test_a_closed_run_ends_when_what_was_begun_is_over(
    run: Prepared, link: Link, line: Line
) -> None:
    """It says why; batches that nobody began are not waited for, long before they count as lost."""
    line.lose, line.closing = 5, "the money is gone"
    round_, records = a_round(run, link, line, terms=the_terms(run, lease_ms=20_000))

    stopped = await round_.carry_through()

    assert stopped == "the money is gone"
    assert len(records) == 1


async def test_a_record_of_another_trial_is_refused(run: Prepared, link: Link) -> None:
    """Whoever writes to Redis must not answer for a trial that nobody asked about."""
    round_, records = a_round(run, link, Line(workshop=a_workshop(run, link)))
    first, second, *_ = round_.waiting
    other = a_record("elsewhere").document()
    await round_.store.publish(round_.terms, open_ms=60_000)
    await round_.store.finish(first, orjson.dumps({"record": other, "calls": []}))

    with pytest.raises(BrokerError, match=r"came back as .*elsewhere"):
        await round_.carry_through()
    assert records == []
    assert second in round_.waiting
