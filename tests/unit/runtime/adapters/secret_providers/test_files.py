"""Files are read whole, or not at all, and never waited for."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.adapters.secret_providers.files import FileProvider
from runtime.domain.errors import (
    SecretDeniedError,
    SecretMalformedError,
    SecretMissingError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from tests.contract.secret_providers.keepers import swap


@pytest.fixture
def readable() -> list[str]:
    """Collect the files that everybody may read."""
    return []


@pytest.fixture
async def provider(readable: list[str]) -> AsyncIterator[FileProvider]:
    """Open a provider."""
    opened = FileProvider(readable=readable.append, deadline_s=2.0)
    yield opened
    await opened.close()


def _named(path: Path) -> SecretRef:
    return SecretRef(scheme="file", path=str(path))


async def test_a_line_s_end_belongs_to_the_value(provider: FileProvider, tmp_path: Path) -> None:
    """A key may end in any byte: nothing is cut off."""
    (tmp_path / "key").write_bytes(b" key \r\n")

    assert (await provider.fetch(_named(tmp_path / "key"))).value.bytes() == b" key \r\n"


async def test_a_file_that_is_overwritten_in_place_has_another_version(
    provider: FileProvider, tmp_path: Path
) -> None:
    """Even within the same tick of the file system's clock, and of the same length."""
    file = tmp_path / "key"
    file.write_text("one")
    times = file.stat()
    first = await provider.fetch(_named(file))
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    second = await provider.fetch(_named(file))

    assert (first.value.text(), second.value.text()) == ("one", "two")
    assert first.version != second.version


async def test_a_version_tells_nothing_of_the_value(provider: FileProvider, tmp_path: Path) -> None:
    """Versions are written into the audit log: two equal values can't be tried out there."""
    (tmp_path / "key").write_text("123456")

    version = (await provider.fetch(_named(tmp_path / "key"))).version

    mark = version.rpartition("-")[2]
    assert len(mark) == 16
    assert "123456" not in mark


async def test_swaps_of_a_mount_are_seen_whole(provider: FileProvider, tmp_path: Path) -> None:
    """While the kubelet swaps, each reading is of one writing or of another."""
    letters = "abcdefgh"
    swap(tmp_path, "key", b"a" * 60_000)
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            swap(tmp_path, "key", letters[number % 8].encode() * 60_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = {(await provider.fetch(_named(tmp_path / "key"))).value.text() for _ in range(200)}
    finally:
        over.set()
        writer.join(10.0)

    assert seen <= {letter * 60_000 for letter in letters}


async def test_an_empty_file_is_no_answer(provider: FileProvider, tmp_path: Path) -> None:
    """Writing in place begins with it: what was read before may still be used."""
    (tmp_path / "key").touch()

    with pytest.raises(SecretUnavailableError, match="rename"):
        await provider.fetch(_named(tmp_path / "key"))


@pytest.mark.parametrize("strange", ["folder", "pipe", "device"])
async def test_what_is_no_regular_file_is_refused_at_once(
    provider: FileProvider, tmp_path: Path, strange: str
) -> None:
    """A pipe that nobody writes to would be waited for."""
    path = tmp_path / "strange"
    if strange == "folder":
        path.mkdir()
    elif strange == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")

    async with asyncio.timeout(1.0):
        with pytest.raises(SecretMalformedError, match="no regular file"):
            await provider.fetch(_named(path))


@pytest.mark.parametrize("name", ["nothing", "key/below"])
async def test_what_is_not_there_is_missing(
    provider: FileProvider, tmp_path: Path, name: str
) -> None:
    """A file is no folder."""
    (tmp_path / "key").write_text("x")

    with pytest.raises(SecretMissingError):
        await provider.fetch(_named(tmp_path / name))


async def test_a_file_that_everybody_may_write_is_denied(
    provider: FileProvider, tmp_path: Path
) -> None:
    """Anybody could have put another value there."""
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o602)

    with pytest.raises(SecretDeniedError, match="chmod o-w"):
        await provider.fetch(_named(tmp_path / "key"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all: another user un-skips this")
async def test_a_file_that_this_process_may_not_read_is_denied(
    provider: FileProvider, tmp_path: Path
) -> None:
    """That is no absence."""
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0)

    with pytest.raises(SecretDeniedError):
        await provider.fetch(_named(tmp_path / "key"))


@pytest.mark.parametrize(("mode", "told"), [(0o644, 1), (0o640, 0), (0o600, 0)])
async def test_a_file_that_everybody_may_read_is_told_of_once(
    provider: FileProvider, tmp_path: Path, readable: list[str], mode: int, told: int
) -> None:
    """Mounts of Kubernetes are so by default: it is no refusal."""
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(mode)

    for _ in range(3):
        await provider.fetch(_named(tmp_path / "key"))

    assert readable == [str(tmp_path / "key")] * told
