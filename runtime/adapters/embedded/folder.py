"""Own the folder of an embedded server: one starter at a time, and secrets that stay in it.

The folder is ours alone. The server's data lie in a folder below it, which belongs to the user that
the server runs as; each of its processes keeps that folder open and locked, so that we know when
the last one is gone, and gets at it as `/proc/self/fd/N` where it could not enter what is above.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import orjson

from runtime.adapters.embedded.account import Account, server_account
from runtime.adapters.embedded.ports import free_port, port_is_free
from runtime.domain.errors import EmbeddedFolderBusyError, EmbeddedServerError

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
MOST_LOG_BYTES: Final = 10_000_000
PASSWORD_BYTES: Final = 24
SECRETS: Final = "secrets.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Hold the data of a server that has no process left.

    Attributes:
        descriptor: the open folder with the lock; who inherits it keeps the lock.
        address: the path by which a process that inherits it finds the data.
    """

    descriptor: int
    address: str


class DataFolder:
    """Hold a folder for one server, until `release`."""

    def __init__(self, path: Path, *, server: str, lock: int) -> None:
        self.path = path
        self.server = server
        self.data = path / server
        self.account: Account | None = None
        self._lock: int | None = lock

    @classmethod
    def claimed(cls, path: Path, *, server: str) -> Self:
        """Make the folder ready and hold it, or say who does.

        Raises:
            EmbeddedFolderBusyError: If another process holds it.
            EmbeddedServerError: If it can't be used.
        """
        path = path.expanduser().absolute()
        try:
            _make_private(path, server=server)
            folder = cls(path, server=server, lock=_locked(path, server=server))
            try:
                folder._make_data()
                folder._shorten_log()
            except BaseException:
                folder.release()
                raise
        except OSError as error:
            raise EmbeddedServerError(
                server=server,
                problem=f"its folder {path} can't be used: {error.strerror}",
                advice="choose a folder of your own",
            ) from error
        return folder

    def release(self) -> None:
        """Let the next starter have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def failure(self, problem: str, *, advice: str) -> EmbeddedServerError:
        """Return an error of this folder's server."""
        return EmbeddedServerError(server=self.server, problem=problem, advice=advice)

    @contextmanager
    def held(self, *, pause: Callable[[], bool]) -> Iterator[Hold]:
        """Hold the data once no process of a former run is left; our copy closes with the block.

        Args:
            pause: waits a little; returns false when waiting should end.

        Raises:
            EmbeddedServerError: If some process is left when waiting ends.
        """
        descriptor = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            while not _took_lock(descriptor):
                if not pause():
                    raise self.failure(
                        f"processes of its former run still use {self.data}",
                        advice="they end with what they work on; then start again",
                    )
            address = f"/proc/self/fd/{descriptor}" if self.account else str(self.data)
            yield Hold(descriptor=descriptor, address=address)
        finally:
            os.close(descriptor)

    def secrets(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the passwords of these names; who has none gets one.

        Raises:
            EmbeddedServerError: If the file can't be read.
        """
        with _locked_briefly(self.path):
            kept = self._kept_secrets()
            made = {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in names}
            found = made | kept
            if found != kept:
                _replace(self.path / SECRETS, orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return {name: found[name] for name in names}

    def knows(self, names: Iterable[str]) -> bool:
        """Return whether all these names have a password already."""
        return set(names) <= self._kept_secrets().keys()

    def usual_port(self) -> int:
        """Return the port of the last run if nobody took it meanwhile, or another free one."""
        port = self._kept_port()
        return port if port is not None and port_is_free(port) else free_port()

    def keep_port(self, port: int) -> None:
        """Remember the port for the next run."""
        if self._kept_port() != port:
            _replace(self._port_file, b"%d\n" % port)

    def hand_over(self, name: str, content: bytes) -> None:
        """Write a file among the data that only the server's user can read."""
        file = self.data / name
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with open(descriptor, "wb") as stream:  # noqa: PTH123  # of a descriptor
            stream.write(content)
            if self.account:
                os.fchown(descriptor, self.account.user, self.account.group)

    @property
    def log(self) -> Path:
        """Name the file that the server's words go to."""
        return self.path / f"{self.server}.log"

    def open_log(self) -> int:
        """Open the log at its end."""
        return os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)

    @property
    def _port_file(self) -> Path:
        return self.path / f"{self.server}.port"

    def _kept_port(self) -> int | None:
        try:
            text = self._port_file.read_text().strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdecimal() else None

    def _make_data(self) -> None:
        self.account = server_account(self.data, server=self.server)
        self.data.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        if self.account:
            os.chown(self.data, self.account.user, self.account.group)

    def _shorten_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > MOST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _kept_secrets(self) -> dict[str, str]:
        file = self.path / SECRETS
        try:
            found = orjson.loads(file.read_bytes())
        except FileNotFoundError:
            return {}
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
            raise self.failure(
                f"{file} is damaged, expected an object of passwords by name",
                advice="restore it from a copy, or remove the whole folder with its data",
            )
        file.chmod(PRIVATE_FILE)
        return found


def _make_private(path: Path, *, server: str) -> None:
    """Keep others out of a new folder, an empty one and one of ours; leave a foreign one alone."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    found = path.stat()
    inside = {entry.name for entry in path.iterdir()}
    is_ours = not inside or SECRETS in inside or any(name.endswith(".lock") for name in inside)
    if found.st_uid == os.geteuid() and is_ours:
        path.chmod(PRIVATE_FOLDER)
    elif found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        raise EmbeddedServerError(
            server=server,
            problem=f"its folder {path} belongs to user {found.st_uid} with mode "
            f"{stat.filemode(found.st_mode)}, expected one of ours that not everybody can change",
            advice="choose a new folder",
        )


def _locked(path: Path, *, server: str) -> int:
    with ExitStack() as unless_locked:
        lock = os.open(path / f"{server}.lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        unless_locked.callback(os.close, lock)
        if not _took_lock(lock):
            holder = os.pread(lock, 20, 0).decode(errors="replace")
            pid = int(holder) if holder.isdecimal() else None
            raise EmbeddedFolderBusyError(server=server, folder=str(path), pid=pid)
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d" % os.getpid(), 0)
        unless_locked.pop_all()
        return lock


def _took_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EAGAIN}:
            raise
        return False
    return True


def store_names(folder: Path) -> None:
    """Make what was created or renamed in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked_briefly(path: Path) -> Iterator[None]:
    """Let one process at a time change what both servers of a folder share."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, content: bytes) -> None:
    """Write a file that is there in whole or not at all, also after a loss of power."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with open(descriptor, "wb") as stream:  # noqa: PTH123  # of a descriptor
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    store_names(file.parent)
