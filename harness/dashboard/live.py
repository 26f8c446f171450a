"""Notice what changes while somebody looks, and tell it: progress, new runs, the store's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from harness.dashboard.card import RunCard, RunState, merged
from harness.dashboard.events import CHANGED, PROGRESS, EventLog
from harness.dashboard.listing import Listing, RunFolders
from harness.dashboard.store import StoreAnswer, StoreReader
from runtime.public import JsonObject

LOOK_EVERY_S: Final = 0.5
ALIVE_EVERY_S: Final = 15.0
MOST_LISTENERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Hold everything that a page shows, and the id of the last event that it contains."""

    cards: tuple[RunCard, ...]
    waiting: int
    problem: str
    store: StoreAnswer
    asking: bool
    event: str


class Live:
    """Look at the runs, at once for a page and twice a second while pages listen."""

    def __init__(
        self,
        folders: RunFolders,
        store: StoreReader,
        events: EventLog,
        *,
        alive_every_s: float = ALIVE_EVERY_S,
    ) -> None:
        self.folders = folders
        self.alive_every_s = alive_every_s
        self.store = store
        self.events = events
        self._listing = Listing()
        self._answered: tuple[StoreAnswer, bool] = (store.answer, store.asking)
        self._looking = asyncio.Lock()
        self._listeners = 0
        self._wanted = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Say whether no more pages may listen; those that can't, poll."""
        return self._listeners >= MOST_LISTENERS

    async def look(self) -> View:
        """Look at folders and store, tell what is new, and return it all."""
        async with self._looking:
            self.store.refresh()
            listing = await asyncio.to_thread(self.folders.look)
            answered = (self.store.answer, self.store.asking)
            for name, told in _news(self._listing, listing):
                self.events.add(name, told)
            if answered != self._answered:
                self.events.add(CHANGED, {})
            self._listing, self._answered = listing, answered
            return View(
                cards=merged(listing.cards, answered[0].points),
                waiting=listing.waiting,
                problem=listing.problem,
                store=answered[0],
                asking=answered[1],
                event=self.events.latest,
            )

    async def watch(self) -> None:
        """Look again and again while somebody listens; until cancelled."""
        while True:
            await self._wanted.wait()
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def stream(self, seen: str) -> AsyncGenerator[bytes, None]:
        """Yield server-sent events from where a page left off, until the server stops."""
        with self._listening():
            yield b"retry: 2000\n\n"
            while not self.events.closed:
                found = self.events.after(seen)
                for event in found:
                    yield event.lines()
                    seen = event.id
                if not found and not await self.events.news(timeout_s=self.alive_every_s):
                    yield b": alive\n\n"

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._listeners += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._wanted.clear()


def _news(before: Listing, now: Listing) -> Iterator[tuple[str, JsonObject]]:
    """Yield one `changed` when a run came, went or ended, and progress of those that go on."""
    known = {card.folder: card for card in before.cards}
    moved = [card for card in now.cards if card != known.get(card.folder)]
    gone = known.keys() - {card.folder for card in now.cards}
    told = (before.waiting, before.problem) != (now.waiting, now.problem)
    if gone or told or any(_is_structural(known.get(card.folder), card) for card in moved):
        yield CHANGED, {}
        return
    for card in moved:
        yield PROGRESS, _progress(card)


def _is_structural(before: RunCard | None, now: RunCard) -> bool:
    return before is None or not before.state == now.state == RunState.RUNNING


def _progress(card: RunCard) -> JsonObject:
    return {
        "run": card.folder,
        "done": card.done,
        "planned": card.planned,
        "models": [
            {
                "model": item.model,
                "done": item.done,
                "scored": item.scored,
                "lost": item.lost,
                "pass_rate": item.pass_rate,
                "findings": item.findings,
            }
            for item in card.models
        ],
    }
