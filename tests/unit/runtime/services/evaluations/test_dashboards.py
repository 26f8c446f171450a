"""Dashboards are opened on first use, lent within bounds, and closed when nobody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from runtime.domain.errors import NotFoundError, StreamsBusyError, WrongTimeError
from runtime.services.evaluations.dashboards import (
    MOST_LENT,
    MOST_LENT_OF_ONE,
    MOST_OPEN,
    Application,
    Dashboards,
    Message,
)


class Shelf:
    """Open dashboards that answer nothing, and remember which: the double of the harness."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str]] = []
        self.closed: list[str] = []

    @asynccontextmanager
    async def open(self, runs_folder: Path, *, tracking_uri: str) -> AsyncIterator[Application]:
        """Open one."""
        self.opened.append((runs_folder.name, tracking_uri))

        async def application(
            scope: Message,
            receive: Callable[[], Awaitable[Message]],
            send: Callable[[Message], Awaitable[None]],
        ) -> None:
            """Answer nothing."""

        yield application
        self.closed.append(runs_folder.name)


def dashboards(folder: Path | None, shelf: Shelf) -> Dashboards:
    """Lend what a shelf opens."""
    return Dashboards(folder=folder, opener=lambda: shelf.open)


async def test_one_is_opened_once(tmp_path: Path) -> None:
    """However many ask for it, at once too; it closes with the others."""
    shelf = Shelf()
    held = dashboards(tmp_path, shelf)

    async def look() -> None:
        async with held.lent("org_a"):
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(look())
    await held.close()

    assert shelf.opened == [("org_a", "")]
    assert shelf.closed == ["org_a"]


async def test_a_store_of_its_own_is_read(tmp_path: Path) -> None:
    """Where it lies in the folder, and is no link to that of another."""
    shelf = Shelf()
    held = dashboards(tmp_path, shelf)
    for name in ("org_a", "org_b"):
        (tmp_path / name).mkdir()
    (tmp_path / "org_a" / "mlflow.db").touch()
    (tmp_path / "org_b" / "mlflow.db").symlink_to(tmp_path / "org_a" / "mlflow.db")

    for name in ("org_a", "org_b"):
        async with held.lent(name):
            pass

    store = f"sqlite:///{tmp_path}/org_a/mlflow.db"
    assert shelf.opened == [("org_a", store), ("org_b", "")]


async def test_the_one_that_nobody_asked_for_longest_makes_room(tmp_path: Path) -> None:
    """But none that somebody looks at."""
    shelf = Shelf()
    held = dashboards(tmp_path, shelf)
    async with held.lent("org_0"):
        for number in range(1, MOST_OPEN + 2):
            async with held.lent(f"org_{number}"):
                pass

        assert shelf.closed == ["org_1", "org_2"]
    async with held.lent("org_3"):
        pass
    assert len(shelf.opened) == MOST_OPEN + 2


async def test_when_all_are_looked_at_no_more_is_opened(tmp_path: Path) -> None:
    """Each costs memory and a task."""
    held = dashboards(tmp_path, Shelf())
    async with AsyncExitStack() as stack:
        for number in range(MOST_OPEN):
            await stack.enter_async_context(held.lent(f"org_{number}"))
        with pytest.raises(StreamsBusyError, match="organizations"):
            await stack.enter_async_context(held.lent("org_more"))


async def test_requests_are_bounded_for_one_and_for_all(tmp_path: Path) -> None:
    """Nobody keeps others out alone; what ended makes room."""
    held = dashboards(tmp_path, Shelf())
    async with AsyncExitStack() as stack:
        for number in range(MOST_LENT):
            await stack.enter_async_context(held.lent(f"org_{number // MOST_LENT_OF_ONE}"))
        with pytest.raises(StreamsBusyError, match=f"{MOST_LENT} requests"):
            await stack.enter_async_context(held.lent("org_more"))
    async with AsyncExitStack() as stack:
        for _ in range(MOST_LENT_OF_ONE):
            await stack.enter_async_context(held.lent("org_0"))
        with pytest.raises(StreamsBusyError, match=f"{MOST_LENT_OF_ONE} requests"):
            await stack.enter_async_context(held.lent("org_0"))
        await stack.enter_async_context(held.lent("org_1"))


@pytest.mark.parametrize("missing", ["a folder", "a distribution"])
async def test_where_nothing_is_shown_it_says_so(tmp_path: Path, missing: str) -> None:
    """Nothing is opened, and nothing stays lent."""
    folder = None if missing == "a folder" else tmp_path
    held = Dashboards(folder=folder, opener=lambda: None)

    for _ in range(MOST_LENT + 1):
        with pytest.raises(WrongTimeError, match="PLANGATE_EVALUATIONS"):
            async with held.lent("org_a"):
                pass


async def test_a_folder_that_leads_elsewhere_is_none(tmp_path: Path) -> None:
    """It could be that of another organization."""
    (tmp_path / "org_b").mkdir()
    (tmp_path / "org_a").symlink_to(tmp_path / "org_b")
    shelf = Shelf()

    with pytest.raises(NotFoundError):
        async with dashboards(tmp_path, shelf).lent("org_a"):
            pass
    assert shelf.opened == []


async def test_who_can_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    """A failure is nothing that is kept."""
    shelf = Shelf()
    fails = [True]

    @asynccontextmanager
    async def open_(runs_folder: Path, *, tracking_uri: str) -> AsyncIterator[Application]:
        """Fail once."""
        if fails.pop() if fails else False:
            raise OSError("no room")
        async with shelf.open(runs_folder, tracking_uri=tracking_uri) as application:
            yield application

    held = Dashboards(folder=tmp_path, opener=lambda: open_)
    with pytest.raises(OSError, match="no room"):
        async with held.lent("org_a"):
            pass
    async with held.lent("org_a"):
        pass

    assert shelf.opened == [("org_a", "")]
