"""Keep a server running: start it, wait until it serves, start it again when it dies.

One thread starts the server, waits for its end and reaps it. The server's life is tied to that
thread (see `launcher`), which lives until `stop`, or until the server died too often.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.adapters.embedded.folder import DataFolder, Hold
from runtime.adapters.embedded.process import Launch, ServerProcess, StopSignals
from runtime.adapters.embedded.waiting import pauses
from runtime.domain.errors import EmbeddedServerError
from runtime.kit.clock import Clock, SystemClock

FIRST_PAUSE_S: Final = 0.05  # after a start that failed; doubles with each


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Say what a server is to its supervisor.

    Attributes:
        launch: how its process starts.
        serves: connects and logs in; false if it does not serve yet.
        stop_signals: what ends it in order, and the seconds to wait after each.
        before: runs before each start, when no process of a former run is left.
    """

    launch: Launch
    serves: Callable[[], bool]
    stop_signals: StopSignals
    before: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Say how often a server may die, and how long it may take.

    Attributes:
        deaths: how many deaths in a window lead to a new start.
        window_s: the window.
        ready_s: how long a start may take, with recovery; a process that ends is seen at once.
        left_over_s: how long to wait for processes of a former run.
    """

    deaths: int = 5
    window_s: float = 60.0
    ready_s: float = 60.0
    left_over_s: float = 30.0


USUAL_PATIENCE: Final = Patience()


class Child:
    """Supervise one server, from `start` until `stop`."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        folder: DataFolder,
        patience: Patience = USUAL_PATIENCE,
        clock: Clock | None = None,
    ) -> None:
        self._blueprint = blueprint
        self._folder = folder
        self._patience = patience
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._decided = threading.Event()
        self._process: ServerProcess | None = None
        self._failure: EmbeddedServerError | None = None
        self._deaths: deque[float] = deque()
        self._thread = threading.Thread(
            target=self._supervise, name=f"embedded-{folder.server}", daemon=True
        )

    @property
    def pid(self) -> int | None:
        """Return the number of the server's process, or nothing between two of them."""
        process = self._process
        return None if process is None else process.pid

    @property
    def failure(self) -> EmbeddedServerError | None:
        """Return why the server is not kept running any more, if that is so."""
        return self._failure

    def start(self) -> None:
        """Start the server and wait until it serves.

        Raises:
            EmbeddedServerError: If it does not.
        """
        self._thread.start()
        try:
            self._decided.wait()
        except BaseException:
            self.stop()
            raise
        if self._failure:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """End the server, by force if it does not end in order, and the supervision."""
        with self._lock:
            self._stopping.set()
            process = self._process
        for number, patience_s in (*self._blueprint.stop_signals, (signal.SIGKILL, None)):
            if process:
                process.signal(number)
            self._thread.join(patience_s)
            if not self._thread.is_alive():
                return

    def _supervise(self) -> None:
        try:
            while not self._stopping.is_set():
                self._live()
        except EmbeddedServerError as error:
            if not self._stopping.is_set():
                self._failure = error
        except Exception as error:  # noqa: BLE001  # the edge of a thread
            self._failure = self._folder.failure(
                f"its supervision failed ({type(error).__name__}: {error})", advice="start it again"
            )
        finally:
            self._decided.set()

    def _live(self) -> None:
        """Start the server once, wait until it serves, wait until it ends."""
        with self._folder.held(pause=self._pauses(self._patience.left_over_s)) as hold:
            self._blueprint.before()
            process = self._begun(hold)
        if process is None:
            return
        try:
            served = self._await_serving(process)
            process.wait()
        finally:
            process.end(self._blueprint.stop_signals)
            self._process = None
        if not self._stopping.is_set():
            self._count_death(process, served=served)

    def _begun(self, hold: Hold) -> ServerProcess | None:
        with self._lock:  # so that `stop` sees every process that was begun
            if self._stopping.is_set():
                return None
            self._process = ServerProcess(self._blueprint.launch, folder=self._folder, hold=hold)
            return self._process

    def _await_serving(self, process: ServerProcess) -> bool:
        go_on = self._pauses(self._patience.ready_s)
        while not process.ended():
            if self._blueprint.serves():
                self._decided.set()
                return True
            if not go_on():
                break
        if self._stopping.is_set() or (process.ended() and self._decided.is_set()):
            return False
        process.end(self._blueprint.stop_signals)
        raise self._folder.failure(
            f"it did not start; {process.said()}", advice="end what hinders it and start again"
        )

    def _count_death(self, process: ServerProcess, *, served: bool) -> None:
        now = self._clock.monotonic_s()
        self._deaths.append(now)
        while self._deaths[0] < now - self._patience.window_s:
            self._deaths.popleft()
        deaths = len(self._deaths)
        if deaths > self._patience.deaths:
            raise self._folder.failure(
                f"it died {deaths} times in {self._patience.window_s:g} s; {process.said()}",
                advice="it is not started again by itself",
            )
        if not served:
            self._stopping.wait(FIRST_PAUSE_S * 2**deaths)

    def _pauses(self, seconds: float) -> Callable[[], bool]:
        return pauses(seconds, stop=self._stopping, clock=self._clock)
