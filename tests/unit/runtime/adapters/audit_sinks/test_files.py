"""Tests of files: complete or not there, never replaced, and what a disk does wrong is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.adapters.audit_sinks.files import FilesSink
from runtime.ports.audit_sink import CopyLostError, ListedKind, SinkError, SinkObject
from runtime.ports.sink_address import read_sink_address

OBJECT = SinkObject(name="leaves/a/one.jsonl", body=b"a copy\n")


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[FilesSink]:
    """Open a sink over an empty folder."""
    opened = FilesSink(read_sink_address(f"file://{tmp_path}"))
    yield opened
    await opened.close()


def the_file(folder: Path) -> Path:
    """Return the one file that there is."""
    (found,) = [file for file in folder.rglob("*") if file.is_file()]
    return found


def entries(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return list(folder.iterdir())


async def test_a_file_has_its_digest_in_its_name_and_nobody_writes_to_it(
    sink: FilesSink, tmp_path: Path
) -> None:
    """There is nothing beside it: no draft is left."""
    receipt = await sink.put(OBJECT)

    file = the_file(tmp_path)
    assert file.name == f"one.jsonl.{receipt.digest.removeprefix('sha256:')}"
    assert file.stat().st_mode & 0o777 == 0o440
    assert file.stat().st_nlink == 1


async def test_a_file_with_other_bytes_is_neither_read_nor_acknowledged(
    sink: FilesSink, tmp_path: Path
) -> None:
    """Somebody changed it in place."""
    receipt = await sink.put(OBJECT)
    file = the_file(tmp_path)
    file.chmod(0o640)
    file.write_bytes(b"a c0py\n")

    with pytest.raises(CopyLostError, match="other bytes"):
        await sink.read(receipt)
    with pytest.raises(CopyLostError, match="other bytes"):
        await sink.put(OBJECT)


async def test_a_file_that_is_gone_is_lost_and_can_be_put_again(
    sink: FilesSink, tmp_path: Path
) -> None:
    """Whoever owns the folder can delete it: this sink is no WORM."""
    receipt = await sink.put(OBJECT)
    the_file(tmp_path).unlink()

    with pytest.raises(CopyLostError, match="gone"):
        await sink.read(receipt)
    assert await sink.put(OBJECT) == receipt


async def test_two_files_of_one_name_are_told(sink: FilesSink, tmp_path: Path) -> None:
    """Somebody added another; neither hides the other from who has a receipt."""
    receipt = await sink.put(OBJECT)
    file = the_file(tmp_path)
    file.with_name(f"one.jsonl.{'0' * 64}").write_bytes(b"forged")
    (tmp_path / "leaves" / "notes.txt").write_bytes(b"no copy")

    listed = [one async for one in sink.list(prefix="", after="")]

    assert [one.kind for one in listed] == [ListedKind.HIDDEN, ListedKind.HIDDEN]
    assert await sink.read(receipt) == OBJECT.body


async def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    """It is not made: a disk that is not mounted is no folder."""
    missing = FilesSink(read_sink_address(f"file://{tmp_path}/missing"))

    with pytest.raises(SinkError, match="no such folder"):
        await missing.ready()
    with pytest.raises(SinkError, match="no such folder"):
        await missing.put(OBJECT)

    assert entries(tmp_path) == []
    await missing.close()


async def test_what_the_file_system_refuses_is_told(sink: FilesSink, tmp_path: Path) -> None:
    """A file stands where a folder should be."""
    (tmp_path / "leaves").write_bytes(b"")

    with pytest.raises(SinkError, match="the file system refused"):
        await sink.put(OBJECT)


async def test_what_cannot_be_read_now_is_not_lost(sink: FilesSink, tmp_path: Path) -> None:
    """A folder stands where the file was: whoever looks later may find it."""
    receipt = await sink.put(OBJECT)
    file = the_file(tmp_path)
    file.unlink()
    file.mkdir()

    with pytest.raises(SinkError, match="the file system refused") as told:
        await sink.read(receipt)

    assert not isinstance(told.value, CopyLostError)
