"""Check that what changes is noticed and told, once, to whoever listens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from harness.dashboard.events import EventLog
from harness.dashboard.listing import RunFolders
from harness.dashboard.live import MOST_LISTENERS, Live
from harness.dashboard.store import StoreAnswer, StoreReader
from harness.results import SUMMARY, ResultsWriter
from tests.unit.harness.dashboard.builders import a_point, a_store, some_runs
from tests.unit.harness.reporting.builders import a_run, a_trial


def a_live(root: Path, store: StoreReader | None = None) -> Live:
    """Build a watcher over a folder and a store that has answered before."""
    return Live(RunFolders(root, budget_s=60.0), store or a_store(), EventLog("e1"))


async def told(live: Live, seen: str) -> list[str]:
    """Look, and return the names of what is new."""
    await live.look()
    return [event.name for event in live.events.after(seen)]


@pytest.fixture
def going(tmp_path: Path) -> Path:
    """Write a run that goes on, as its writer is this very process."""
    folder = a_run(tmp_path / "run_01", [a_trial()])
    (folder / SUMMARY).unlink()
    return folder


async def test_a_look_joins_folders_and_store(tmp_path: Path) -> None:
    """The page gets both, and the id from which news go on."""
    store = a_store(StoreAnswer(points=(a_point("run_00"),)))
    view = await a_live(some_runs(tmp_path), store).look()

    assert [card.run for card in view.cards] == ["run_02", "run_01", "run_00"]
    assert view.event == "e1-1"


async def test_nothing_new_tells_nothing(tmp_path: Path) -> None:
    """A second look at the same runs is silent."""
    live = a_live(some_runs(tmp_path))
    seen = (await live.look()).event

    assert await told(live, seen) == []


async def test_a_trial_that_ends_is_progress(going: Path) -> None:
    """The counts of the run come along, so that nobody has to ask."""
    live = a_live(going.parent)
    with ResultsWriter(going) as writer:
        seen = (await live.look()).event
        writer.write(a_trial("b", passed=False))
        await live.look()
    (progress,) = live.events.after(seen)

    assert progress.name == "progress"
    assert progress.told["run"] == "run_01"
    assert (progress.told["done"], progress.told["planned"]) == (2, 1)
    assert progress.told["models"][0] == {
        "model": "plangate/oracle",
        "done": 2,
        "scored": 2,
        "lost": 0,
        "pass_rate": 0.5,
        "findings": 0,
    }


@pytest.mark.parametrize("how", ["comes", "goes", "ends", "is damaged"])
async def test_a_run_that_comes_goes_or_ends_changes_the_list(tmp_path: Path, how: str) -> None:
    """The page then asks for the list, as more than a number differs."""
    folder = some_runs(tmp_path, ("run_01",)) / "run_01"
    live = a_live(tmp_path)
    await live.look()
    seen = live.events.latest
    if how == "comes":
        some_runs(tmp_path, ("run_02",))
    elif how == "goes":
        (folder / "manifest.json").unlink()
    elif how == "ends":
        (folder / "gate.json").write_text('{"verdict": "pass", "checks": []}')
    else:
        (folder / "summary.json").write_text("{")

    assert await told(live, seen) == ["changed"]


async def test_an_answer_of_the_store_changes_the_list(tmp_path: Path) -> None:
    """The page was served before the store had answered."""
    live = a_live(tmp_path)
    await live.look()
    seen = live.events.latest
    live.store.answer = StoreAnswer(points=(a_point(),))

    assert await told(live, seen) == ["changed"]


@asynccontextmanager
async def listening(live: Live, seen: str) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """Open a stream while the watcher watches."""
    watching = asyncio.create_task(live.watch())
    stream = live.stream(seen)
    try:
        yield stream
    finally:
        await stream.aclose()
        watching.cancel()


async def test_a_stream_tells_progress_by_itself(going: Path) -> None:
    """Nobody looks but the watcher."""
    live = a_live(going.parent)
    with ResultsWriter(going) as writer:
        view = await live.look()
        async with asyncio.timeout(10), listening(live, view.event) as stream:
            first = await anext(stream)
            writer.write(a_trial("b"))
            async for message in stream:
                if b"event: progress" in message:
                    break

    assert first.startswith(b"retry: ")
    assert orjson.loads(message.split(b"data: ")[1])["done"] == 2


async def test_a_stream_ends_with_the_server(tmp_path: Path) -> None:
    """A server that stops waits for nobody."""
    live = a_live(tmp_path)
    async with asyncio.timeout(10), listening(live, live.events.latest) as stream:
        await anext(stream)
        asyncio.get_running_loop().call_soon(live.events.close)
        rest = [message async for message in stream]

    assert all(b"event: progress" not in message for message in rest)


async def test_a_quiet_stream_says_that_it_lives(tmp_path: Path) -> None:
    """A comment keeps proxies from cutting the line."""
    folders = RunFolders(tmp_path, budget_s=60.0)
    live = Live(folders, a_store(), EventLog("e1"), alive_every_s=0.01)
    stream = live.stream(live.events.latest)
    await anext(stream)

    assert await anext(stream) == b": alive\n\n"
    await stream.aclose()


async def test_listeners_are_counted(tmp_path: Path) -> None:
    """Too many are sent to polling, and a place that is given back is free again."""
    live = a_live(tmp_path)
    streams = [live.stream("") for _ in range(MOST_LISTENERS)]
    for stream in streams[:-1]:
        await anext(stream)
    before = live.is_full
    await anext(streams[-1])
    full = live.is_full
    for stream in streams:
        await stream.aclose()

    assert (before, full, live.is_full) == (False, True, False)
