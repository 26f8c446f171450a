"""Keep the last answer of the tracking store; it takes seconds, so it is asked aside.

A store that is down or slow costs no page anything: what it said last stays, with what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock, Thread
from typing import Final

from harness.settings import HarnessSettings
from harness.tracking.champion import Champion
from harness.tracking.child import TrackingError, answer_of, without_login
from harness.tracking.history import Point
from runtime.public import Clock, SystemClock

MODULE: Final = "harness.dashboard.read"
MOST_POINTS: Final = 1000
TIMEOUT_S: Final = 60.0
EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAnswer:
    """Hold what the store said.

    Attributes:
        points: one for each model of each run, oldest first.
        champions: by model, the run that was blessed.
        problem: why the last question was not answered; empty when it was.
        at: when it was last answered; None before that.
    """

    points: tuple[Point, ...] = ()
    champions: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    at: datetime | None = None


def ask_store(settings: HarnessSettings) -> StoreAnswer:
    """Ask the store, in a child process.

    Raises:
        TrackingError: MLflow is not installed, or the store can't be read.
    """
    answer = answer_of(MODULE, [str(MOST_POINTS)], settings, timeout_s=TIMEOUT_S)
    champions = [Champion(**found) for found in answer["champions"]]
    return StoreAnswer(
        points=tuple(Point.from_document(point) for point in answer["points"]),
        champions={item.model: item.run for item in champions},
    )


@dataclass(slots=True)
class StoreReader:
    """Ask the store again when its answer is old; at most one question is under way."""

    settings: HarnessSettings
    every_s: float = EVERY_S
    ask: Callable[[HarnessSettings], StoreAnswer] = ask_store
    clock: Clock = field(default_factory=SystemClock)
    answer: StoreAnswer = field(default_factory=StoreAnswer)
    asking: bool = False
    _asked_s: float | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def tracked(self) -> bool:
        """Say whether there is a store at all."""
        return bool(self.settings.tracking_uri)

    @property
    def shown_uri(self) -> str:
        """Return the store's address without its login."""
        uri = self.settings.tracking_uri
        return without_login(uri, uri=uri)

    def refresh(self, *, now: bool = False) -> None:
        """Ask in the background where the answer is old, or `now`.

        The thread is a daemon: whoever stops the server does not wait for the store.
        """
        with self._lock:
            if self.asking or not self.tracked or not (now or self._is_old()):
                return
            self.asking, self._asked_s = True, self.clock.monotonic_s()
        Thread(target=self._ask, name="tracking-store", daemon=True).start()

    def _is_old(self) -> bool:
        return self._asked_s is None or self.clock.monotonic_s() - self._asked_s >= self.every_s

    def _ask(self) -> None:
        try:
            answer = replace(self.ask(self.settings), at=self.clock.now())
        except TrackingError as error:
            answer = replace(self.answer, problem=str(error))
        except Exception as error:  # noqa: BLE001  # whatever a store answers must not end the reader
            problem = f"the answer can't be read ({type(error).__name__}: {error})"
            answer = replace(self.answer, problem=problem)
        with self._lock:
            self.answer, self.asking = answer, False
