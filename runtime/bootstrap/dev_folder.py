"""Keep what `plangate dev` keeps beside its servers: who runs, the service's keys, the demo.

One process at a time owns the folder. What it writes there is ours to read alone. Clients of the
API read `demo.json`, so nothing of the service is imported here.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import orjson

from runtime.domain.errors import DevFolderBusyError, DevFolderError

AUDIT: Final = "audit"
DEMO: Final = "demo.json"
EVALUATIONS: Final = "evaluations"
KEYS: Final = "keys.json"
LOCK: Final = "dev.lock"
LOOPBACK: Final = "127.0.0.1"
IGNORED: Final = ".gitignore"

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
KEY_BYTES: Final = 32
_MOST_LOCK_BYTES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Hold the demo: where it is served, its ids, and the text of its owner's token."""

    url: str
    organization: str
    member: str
    token: str = field(repr=False)
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKeys:
    """Hold the secrets that a service of this folder starts with."""

    token_key: str = field(repr=False)
    operator_token: str = field(repr=False)


Kept = TypeVar("Kept", Demo, ServiceKeys)


class DevFolder:
    """Own a folder until `release`, or until this process ends."""

    def __init__(self, path: Path, *, lock: int) -> None:
        """Take over the open lock."""
        self.path = path
        self._lock: int | None = lock

    @classmethod
    def claimed(cls, path: Path) -> Self:
        """Make the folder ready and own it, or say who does.

        Raises:
            DevFolderBusyError: another process does.
            DevFolderError: it can't be used.
        """
        path = path.expanduser().absolute()
        try:
            _make_private(path)
            return cls(path, lock=_locked(path))
        except OSError as error:
            raise DevFolderError(
                path=str(path), problem=f"it can't be used: {error.strerror}"
            ) from error

    def release(self) -> None:
        """Let the next starter have it."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def announce(self, url: str) -> None:
        """Tell whoever starts a second time where this process serves."""
        if self._lock is not None:
            _note(self._lock, url=url)

    def keys(self) -> ServiceKeys:
        """Return the service's secrets; the first time they are made.

        Raises:
            DevFolderError: the file is damaged.
        """
        kept = _read(self.path / KEYS, ServiceKeys)
        if kept is None:
            kept = ServiceKeys(
                token_key=secrets.token_hex(KEY_BYTES), operator_token=secrets.token_hex(KEY_BYTES)
            )
            _write(self.path / KEYS, kept)
        return kept

    def copies(self) -> Path:
        """Return the folder of copies of audit records, which is there by then.

        Raises:
            DevFolderError: it can't be made.
        """
        path = self.path / AUDIT
        try:
            path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise DevFolderError(
                path=str(path), problem=f"it can't be made: {error.strerror}"
            ) from error
        return path

    @property
    def evaluations(self) -> Path:
        """Return the folder of runs, which whoever evaluates makes."""
        return self.path / EVALUATIONS

    def demo(self) -> Demo | None:
        """Return the demo of a former run.

        Raises:
            DevFolderError: the file is damaged.
        """
        return read_demo(self.path)

    def keep_demo(self, demo: Demo) -> None:
        """Remember the demo; this is the only place where its token is kept."""
        _write(self.path / DEMO, demo)


def read_demo(folder: Path) -> Demo | None:
    """Return the demo of a folder, if there is one.

    Raises:
        DevFolderError: the file is damaged, not ours to read, or leads to another machine.
    """
    demo = _read(folder / DEMO, Demo)
    if demo is not None and urlsplit(str(demo.url)).hostname != LOOPBACK:
        # Somebody else's folder must not choose whom our credentials are sent to.
        raise DevFolderError(
            path=str(folder / DEMO),
            problem="it names another machine, as `plangate dev` never does; remove it",
        )
    return demo


def read_keys(folder: Path) -> ServiceKeys | None:
    """Return the secrets of a folder's service, if there are any.

    Raises:
        DevFolderError: the file is damaged, or not ours to read.
    """
    return _read(folder / KEYS, ServiceKeys)


def _make_private(path: Path) -> None:
    """Keep others, and version control, out of a folder that is new; leave one with content be."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if path.stat().st_uid == os.geteuid() and not any(path.iterdir()):
        path.chmod(PRIVATE_FOLDER)
        (path / IGNORED).write_text("*\n")


def _locked(path: Path) -> int:
    with ExitStack() as unless_locked:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, PRIVATE_FILE)
        unless_locked.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, url = _noted(lock)
            raise DevFolderBusyError(path=str(path), pid=pid, url=url) from None
        _note(lock, url=None)
        unless_locked.pop_all()
        return lock


def _note(lock: int, *, url: str | None) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, orjson.dumps({"pid": os.getpid(), "url": url}), 0)


def _noted(lock: int) -> tuple[int | None, str | None]:
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        found = orjson.loads(os.pread(lock, _MOST_LOCK_BYTES, 0))
        return found["pid"], found["url"]
    return None, None


def _read(file: Path, kind: type[Kept]) -> Kept | None:
    try:
        return kind(**orjson.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, TypeError):
        raise DevFolderError(
            path=str(file), problem="it is damaged; restore it from a copy, or remove it"
        ) from None
    except OSError as error:
        raise DevFolderError(
            path=str(file), problem=f"it can't be read: {error.strerror}"
        ) from error


def _write(file: Path, content: Demo | ServiceKeys) -> None:
    """Write a file that is there in whole or not at all, for our eyes only from the beginning."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with open(descriptor, "wb") as stream:  # noqa: PTH123  # of a descriptor
        stream.write(orjson.dumps(asdict(content), option=orjson.OPT_INDENT_2))
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
