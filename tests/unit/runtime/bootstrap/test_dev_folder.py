"""The folder of `plangate dev` has one owner at a time, and its secrets are theirs alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.bootstrap.dev_folder import (
    DEMO,
    KEYS,
    LOCK,
    Demo,
    DevFolder,
    read_demo,
    read_keys,
)
from runtime.domain.errors import DevFolderBusyError, DevFolderError

A_DEMO = Demo(url="http://127.0.0.1:8000", organization="org_1", member="mem_1", token="pgt_1")  # noqa: S106


def mode_of(path: Path) -> int:
    """Return who may do what."""
    return path.stat().st_mode & 0o777


def test_a_new_folder_is_private_and_not_versioned(tmp_path: Path) -> None:
    """Nothing of it ends up in a commit."""
    folder = tmp_path / "a" / ".plangate"

    DevFolder.claimed(folder).release()

    assert mode_of(folder) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    assert mode_of(folder / LOCK) == 0o600


def test_a_folder_with_content_stays_as_it_is(tmp_path: Path) -> None:
    """Whoever names the folder of a project finds that project unchanged."""
    (tmp_path / "code.py").touch()
    tmp_path.chmod(0o755)

    DevFolder.claimed(tmp_path).release()

    assert mode_of(tmp_path) == 0o755
    assert not (tmp_path / ".gitignore").exists()


def test_a_second_owner_learns_of_the_first(tmp_path: Path) -> None:
    """By number, and by address as soon as there is one."""
    first = DevFolder.claimed(tmp_path)
    with pytest.raises(DevFolderBusyError, match=f"process {os.getpid()} is starting with"):
        DevFolder.claimed(tmp_path)

    first.announce("http://127.0.0.1:8000")
    with pytest.raises(DevFolderBusyError) as busy:
        DevFolder.claimed(tmp_path)
    first.release()

    assert (busy.value.pid, busy.value.url) == (os.getpid(), "http://127.0.0.1:8000")
    DevFolder.claimed(tmp_path).release()


def test_an_owner_who_says_nothing_is_still_one(tmp_path: Path) -> None:
    """The lock counts, not what is written in it."""
    first = DevFolder.claimed(tmp_path)
    (tmp_path / LOCK).write_text("nonsense")

    with pytest.raises(DevFolderBusyError, match="another process is starting"):
        DevFolder.claimed(tmp_path)
    first.release()


def test_a_killed_owner_owns_nothing(tmp_path: Path) -> None:
    """Whatever it left in its lock."""
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from runtime.bootstrap.dev_folder import DevFolder\n"
        "DevFolder.claimed(Path(sys.argv[1])).announce('http://127.0.0.1:1')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=50)
    assert (tmp_path / LOCK).read_bytes()

    DevFolder.claimed(tmp_path).release()


def test_what_is_released_is_announced_no_more(tmp_path: Path) -> None:
    """A second release, or a late announcement, does nothing."""
    folder = DevFolder.claimed(tmp_path)
    folder.release()
    folder.release()

    folder.announce("http://127.0.0.1:8000")

    assert (tmp_path / LOCK).read_bytes() == b""


def test_keys_are_made_once(tmp_path: Path) -> None:
    """Random, long enough for the service, different from each other, and kept."""
    folder = DevFolder.claimed(tmp_path)
    assert read_keys(tmp_path) is None

    keys = folder.keys()

    assert folder.keys() == keys == read_keys(tmp_path)
    assert len({keys.token_key, keys.operator_token}) == 2
    assert min(len(keys.token_key), len(keys.operator_token)) == 64
    assert mode_of(tmp_path / KEYS) == 0o600
    assert keys.token_key not in repr(keys)
    folder.release()


def test_a_demo_is_kept_for_us_alone(tmp_path: Path) -> None:
    """Also while it is written: no draft of it can be read by others or is left."""
    folder = DevFolder.claimed(tmp_path)
    (tmp_path / f"{DEMO}.new").write_text("a draft of a run that was killed")
    assert folder.demo() is None

    folder.keep_demo(A_DEMO)

    assert folder.demo() == A_DEMO
    assert mode_of(tmp_path / DEMO) == 0o600
    assert not (tmp_path / f"{DEMO}.new").exists()
    assert A_DEMO.token not in repr(A_DEMO)
    folder.release()


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"url": "x", "more": 1}'])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    """By name, and what to do; nothing is made up in its place."""
    (tmp_path / DEMO).write_bytes(content)

    with pytest.raises(DevFolderError, match=r"demo\.json: it is damaged; restore it"):
        read_demo(tmp_path)


@pytest.mark.parametrize("url", ["https://evil.example", "http://127.0.0.1:80@evil.example", "x"])
def test_a_folder_of_somebody_else_leads_nowhere(tmp_path: Path, url: str) -> None:
    """No folder that we happen to be in decides where our credentials are sent."""
    folder = DevFolder.claimed(tmp_path)
    folder.keep_demo(replace(A_DEMO, url=url))
    folder.release()

    with pytest.raises(DevFolderError, match="it names another machine"):
        read_demo(tmp_path)


def test_a_file_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    """With what the system says."""
    (tmp_path / DEMO).mkdir()

    with pytest.raises(DevFolderError, match="it can't be read: Is a directory"):
        read_demo(tmp_path)


def test_a_folder_that_can_not_be_used_is_said(tmp_path: Path) -> None:
    """A file, or a lock that leads elsewhere."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / LOCK).symlink_to(tmp_path / "file")

    with pytest.raises(DevFolderError, match="can't be used: File exists"):
        DevFolder.claimed(tmp_path / "file")
    with pytest.raises(DevFolderError, match="can't be used"):
        DevFolder.claimed(tmp_path / "folder")
