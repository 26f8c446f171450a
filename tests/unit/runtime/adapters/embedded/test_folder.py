"""A folder belongs to one starter at a time, and what is secret stays in it."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import orjson
import pytest

from runtime.adapters.embedded.folder import MOST_LOG_BYTES, DataFolder
from runtime.domain.errors import EmbeddedFolderBusyError, EmbeddedServerError
from tests.unit.runtime.adapters.embedded.machinery import another_us, claimed, is_used

HOLDER = """
import sys
from pathlib import Path
from runtime.adapters.embedded.folder import DataFolder
folder = DataFolder.claimed(Path(sys.argv[1]), server="toy")
print("held", flush=True)
sys.stdin.read()
"""


def mode(path: Path) -> int:
    """Return who may do what with a path."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_starter_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """The error comes at once and names the folder and the process."""
    with another_us(HOLDER, str(tmp_path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(EmbeddedFolderBusyError) as refusal:
            DataFolder.claimed(tmp_path, server="toy")

    assert refusal.value.pid == holder.pid
    assert f"process {holder.pid} runs the server of {tmp_path};" in str(refusal.value)


def test_a_folder_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    """The lock is the kernel's, so it can't be left behind."""
    with another_us(HOLDER, str(tmp_path)) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

    with claimed(tmp_path) as folder:
        assert folder.path == tmp_path


def test_a_holder_that_can_not_be_named_still_holds(tmp_path: Path) -> None:
    """What stands in the lock file is for the message only."""
    with claimed(tmp_path):
        (tmp_path / "toy.lock").write_bytes(b"\xff?")

        with pytest.raises(EmbeddedFolderBusyError, match="another process runs") as refusal:
            DataFolder.claimed(tmp_path, server="toy")

    assert refusal.value.pid is None


def test_two_servers_share_a_folder(tmp_path: Path) -> None:
    """Each has its own lock, and the passwords of both are kept."""
    with claimed(tmp_path) as toy:
        other = DataFolder.claimed(tmp_path, server="other")
        mine, its = toy.secrets(("toy",)), other.secrets(("other",))
        other.release()

        assert toy.secrets(("toy", "other")) == {**mine, **its}


def test_nobody_else_can_look_into_the_folder(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever they were before."""
    path = tmp_path / "deep" / "down"
    path.mkdir(parents=True, mode=0o755)

    with claimed(path) as folder:
        folder.secrets(("a",))
        os.close(folder.open_log())

        assert {mode(path), mode(folder.data)} == {0o700}
        assert {mode(file) for file in path.iterdir() if file.is_file()} == {0o600}


def test_passwords_are_random_and_kept(tmp_path: Path) -> None:
    """A name keeps its password; no two are alike."""
    with claimed(tmp_path) as folder:
        first = folder.secrets(("a", "b"))
    (tmp_path / "secrets.json").chmod(0o644)

    with claimed(tmp_path) as folder:
        assert folder.secrets(("a", "b")) == first
        assert mode(tmp_path / "secrets.json") == 0o600
        assert not folder.knows(("a", "c"))
        again = folder.secrets(("a", "b", "c"))
        assert folder.knows(("a", "c"))

    assert {**again, **first} == again
    assert len(set(again.values())) == 3
    assert min(map(len, again.values())) >= 32


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(orjson.dumps({"a": 1}), id="no text"),
    ],
)
def test_damaged_passwords_are_not_overwritten(tmp_path: Path, content: bytes) -> None:
    """New ones would lock the owner out of the data."""
    with claimed(tmp_path) as folder:
        (tmp_path / "secrets.json").write_bytes(content)

        with pytest.raises(EmbeddedServerError, match=r"secrets\.json is damaged"):
            folder.secrets(("a",))

    assert (tmp_path / "secrets.json").read_bytes() == content


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    """Somebody who can write to it could put other data under our server."""
    (tmp_path / "theirs").touch()
    tmp_path.chmod(0o777)

    with pytest.raises(EmbeddedServerError, match="that not everybody can change"):
        DataFolder.claimed(tmp_path, server="toy")

    assert mode(tmp_path) == 0o777


def test_a_folder_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    """Only what is new, empty or ours is closed."""
    (tmp_path / "notes").touch()
    tmp_path.chmod(0o755)

    with claimed(tmp_path):
        assert mode(tmp_path) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_that_belongs_to_somebody_else_is_refused(tmp_path: Path) -> None:
    """Its owner could put other data under our server."""
    os.chown(tmp_path, 12_345, 12_345)

    with pytest.raises(EmbeddedServerError, match="belongs to user 12345"):
        DataFolder.claimed(tmp_path, server="toy")


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    """The error says what the system said, and what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedServerError, match=f"folder {tmp_path}/file can't be used: File ex"):
        DataFolder.claimed(tmp_path / "file", server="toy")


def test_a_folder_whose_data_can_not_be_made_is_let_go(tmp_path: Path) -> None:
    """A failed claim leaves no lock."""
    (tmp_path / "toy").touch()

    with pytest.raises(EmbeddedServerError, match="File exists"):
        DataFolder.claimed(tmp_path, server="toy")

    (tmp_path / "toy").unlink()
    with claimed(tmp_path) as folder:
        assert folder.data.is_dir()


def test_data_are_held_until_every_process_with_them_is_gone(tmp_path: Path) -> None:
    """Whoever inherits the open folder inherits the lock."""
    with claimed(tmp_path) as folder:
        with folder.held(pause=lambda: False) as hold:
            inherited = os.dup(hold.descriptor)
        still = is_used(folder)
        os.close(inherited)

        assert (still, is_used(folder)) == (True, False)


def test_a_port_is_kept_for_the_next_run_unless_taken(tmp_path: Path) -> None:
    """Addresses in somebody's notes stay right for as long as they can."""
    with claimed(tmp_path) as folder:
        folder.keep_port(folder.usual_port())
        kept, again = folder.usual_port(), folder.usual_port()

        assert kept == again
        with socket.create_server(("127.0.0.1", kept)):
            assert folder.usual_port() != kept


def test_a_damaged_note_of_the_port_is_ignored(tmp_path: Path) -> None:
    """Any free port will do."""
    with claimed(tmp_path) as folder:
        (tmp_path / "toy.port").write_text("?")

        assert folder.usual_port() > 0


def test_a_long_log_makes_room(tmp_path: Path) -> None:
    """The log before the last is kept, older ones are not."""
    log = tmp_path / "toy.log"
    with claimed(tmp_path):
        log.write_text("short")
    with claimed(tmp_path):
        short_stays = log.exists()
        os.truncate(log, MOST_LOG_BYTES + 1)
    with claimed(tmp_path):
        pass

    assert short_stays
    assert not log.exists()
    assert (tmp_path / "toy.log.1").stat().st_size == MOST_LOG_BYTES + 1


def test_a_file_is_handed_over_to_the_server_alone(tmp_path: Path) -> None:
    """A file of that name that is there already is not written to: it could be a link."""
    (tmp_path / "elsewhere").touch()
    with claimed(tmp_path / "folder") as folder:
        (folder.data / "note").symlink_to(tmp_path / "elsewhere")

        folder.hand_over("note", b"secret")

        found = (folder.data / "note").lstat()
        assert found.st_uid == (folder.account.user if folder.account else os.geteuid())
        assert stat.S_IMODE(found.st_mode) == 0o600
    assert (tmp_path / "elsewhere").read_bytes() == b""
