"""Check that the store is asked aside, not too often, and that its failure costs nothing."""

from datetime import timedelta
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import pytest

from harness.dashboard.store import StoreAnswer, StoreReader, ask_store
from harness.settings import HarnessSettings
from harness.tracking.child import TrackingError
from runtime.kit.clock import FixedClock
from tests.unit.harness.dashboard.builders import NOW, a_point, settings_for, settled

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes


class Asked:
    """Answer with what comes next, and count the questions."""

    def __init__(self, *answers: StoreAnswer | Exception) -> None:
        self.answers = list(answers)
        self.count = 0

    def __call__(self, _: HarnessSettings) -> StoreAnswer:
        """Answer once more."""
        self.count += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def a_reader(asked: Asked, clock: FixedClock | None = None) -> StoreReader:
    """Build a reader that asks once a minute."""
    return StoreReader(settings_for(), every_s=60, ask=asked, clock=clock or FixedClock(NOW))


def refreshed(reader: StoreReader, *, now: bool = False) -> StoreAnswer:
    """Ask and wait for the thread."""
    return settled(reader, now=now).answer


def test_an_answer_is_kept_until_it_is_old() -> None:
    """Within the minute nobody asks again, unless told to."""
    clock, asked = FixedClock(NOW), Asked(*[StoreAnswer(points=(a_point(),))] * 3)
    reader = a_reader(asked, clock)
    answer = refreshed(reader)
    clock.advance(timedelta(seconds=59))
    refreshed(reader)
    early = asked.count
    clock.advance(timedelta(seconds=1))
    refreshed(reader)

    assert (early, asked.count) == (1, 2)
    assert (answer.at, len(answer.points)) == (NOW, 1)
    refreshed(reader, now=True)
    assert asked.count == 3


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(TrackingError("no answer from there"), "no answer from there", id="down"),
        pytest.param(KeyError("points"), "can't be read (KeyError", id="another shape"),
    ],
)
def test_a_failure_keeps_what_was_known(error: Exception, told: str) -> None:
    """The old points stay, with what is wrong, and a later answer clears it."""
    known = StoreAnswer(points=(a_point(),), champions={"m": "run_01"})
    reader = a_reader(Asked(known, error, StoreAnswer()))
    refreshed(reader)
    failed = refreshed(reader, now=True)

    assert told in failed.problem
    assert (failed.points, failed.champions, failed.at) == (known.points, known.champions, NOW)
    assert refreshed(reader, now=True).problem == ""


def test_one_question_at_a_time() -> None:
    """A reader that is asking does not ask once more, and no process waits for its thread."""
    asked, going = Asked(StoreAnswer()), Event()

    def slow(settings: HarnessSettings) -> StoreAnswer:
        going.wait(timeout=10)
        return asked(settings)

    reader = StoreReader(settings_for(), ask=slow)
    reader.refresh()
    reader.refresh(now=True)
    asking = [thread.daemon for thread in threads() if thread.name == "tracking-store"]
    going.set()
    refreshed(reader)

    assert asked.count == 1
    assert asking == [True]


def test_the_shown_address_has_no_login() -> None:
    """A password in the store's address is not for a page."""
    reader = StoreReader(settings_for("http://ann:secret@127.0.0.1:1/ml"))

    assert reader.shown_uri == "http://127.0.0.1:1/ml"


def test_a_store_that_was_never_written_is_empty(tmp_path: Path) -> None:
    """The real child answers; nothing is made by asking."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"

    assert ask_store(settings_for(uri)) == StoreAnswer()
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_down_is_told(tmp_path: Path) -> None:
    """A file that is no database is one line."""
    (tmp_path / "mlflow.db").write_text("no database " * 100)

    with pytest.raises(TrackingError, match=r"tracking store sqlite"):
        ask_store(settings_for(f"sqlite:///{tmp_path}/mlflow.db"))


def test_where_there_is_no_store_nobody_is_asked() -> None:
    """A platform's organization need not have one."""
    asked: list[HarnessSettings] = []

    def ask(settings: HarnessSettings) -> StoreAnswer:
        asked.append(settings)
        return StoreAnswer()

    reader = StoreReader(settings_for(""), ask=ask)
    settled(reader, now=True)

    assert not reader.tracked
    assert asked == []
