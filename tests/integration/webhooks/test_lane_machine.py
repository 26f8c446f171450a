"""No event is lost, out of order or sent after its end, whatever workers and receivers do.

Each schedule is played against the real database with workers that hold lanes, freeze, and come
back late, and a receiver that answers when and what the schedule says. The laws are judged as
requests arrive and as ends are written, and after each step against all rows; in the end whatever
waits has to be delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.store.session import Database
from tests.database import DatabaseUrls
from tests.integration.webhooks.lane_play import WORKERS, LanePlay, a_lane_play

EXAMPLES: Final = 20
STEPS: Final = 30
PASSES_S: Final = (1, 6, 70, 700, 1_800)
TYPES: Final = ("project.updated", "plan.executed", "member.changed")
ANSWERS: Final = (200, 200, 200, 500, 410, 429, None)
KINDS: Final = (
    *("emit", "fan", "take", "answer", "answer", "answer"),
    *("pass", "tell", "lapse", "enable"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Say what happens next; which of several is meant is told by a number, whatever there is."""

    kind: str
    number: int
    answer: int | None


AT_FIRST: Final = 1 + 3
"""Requests under way of three events of a project: one in order, and three in a hurry."""
TURNS: Final = st.builds(
    Turn,
    kind=st.sampled_from(KINDS),
    number=st.integers(0, 11),
    answer=st.sampled_from(ANSWERS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold a database that is open in an event loop of its own."""

    runner: asyncio.Runner
    database: Database


@pytest.fixture
def site(database_urls: DatabaseUrls) -> Iterator[Site]:
    """Open a database for all schedules of a test."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.opened(database_urls.app_url))
        try:
            yield Site(runner=runner, database=database)
        finally:
            runner.run(database.close())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(turns=st.lists(TURNS, min_size=10, max_size=STEPS))
def test_the_laws_hold_in_any_order_of_what_may_happen(site: Site, turns: Sequence[Turn]) -> None:
    """Nothing is lost, repeated after its end, out of its order, or more at once than is wanted."""
    site.runner.run(_played(site.database, turns))


async def _played(database: Database, turns: Sequence[Turn]) -> None:
    async with a_lane_play(database) as play:
        for turn in turns:
            await _taken(play, turn)
            await play.laws_hold()
        await play.finish()
        await play.laws_hold()
        await play.all_ended()


async def _taken(play: LanePlay, turn: Turn) -> None:
    """Let happen what a turn says."""
    number = turn.number
    worker = WORKERS[number % len(WORKERS)]
    if turn.kind == "emit":
        await play.emit(TYPES[number % len(TYPES)], count=1 + number // 3)
    elif turn.kind == "answer":
        await play.answer(number, status=turn.answer)
    elif turn.kind == "fan":
        await play.fan(beside=1 + number % 2)
    elif turn.kind == "pass":
        play.world.clock.advance(timedelta(seconds=PASSES_S[number % len(PASSES_S)]))
    elif turn.kind == "enable":
        await play.enable()
    else:
        does = {"take": play.take, "tell": play.tell, "lapse": play.lapse}
        await does[turn.kind](worker)


async def test_what_a_frozen_worker_is_answered_is_not_stored(database: Database) -> None:
    """The schedule that the laws are there for, so that it is not left to chance."""
    async with a_lane_play(database) as play:
        await play.emit("project.updated", count=3)
        await play.fan(beside=2)
        await play.take("w1")
        await play.until(lambda: len(play.waiting) == AT_FIRST)
        await play.lapse("w1")
        await play.take("w2")
        await play.until(lambda: len(play.waiting) == 2 * AT_FIRST)
        repeated = play.repeated
        for _ in range(AT_FIRST):
            await play.answer(0, status=200)
        await play.until(lambda: bool(play.wrong) or not play.holds("w1"))
        await play.laws_hold()
        stored = await play.world.statuses()
        await play.finish()
        await play.laws_hold()
        await play.all_ended()

    assert play.refused >= 1
    assert repeated == AT_FIRST
    assert stored == {"waiting": 2 * 3}
