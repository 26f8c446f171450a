"""Read secrets from files: mounts of the CSI driver, secrets of Kubernetes, `/run/secrets`.

The kubelet swaps the link `..data`: a path is resolved once, by opening it, so that a swap is seen
as a whole or not at all. Nothing can see that of a file that is written in place; an empty one at
least, as writing in place begins with, is taken for no answer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runtime.adapters.secret_providers.deadlines import Threads, in_time
from runtime.adapters.secret_providers.values import malformed, mark_of, value_of
from runtime.domain.errors import (
    SecretDeniedError,
    SecretMissingError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_provider import DEADLINE_S, MAX_VALUE_BYTES, Fetched, Lease

# Without waiting: a pipe that nobody writes to is no secret.
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Hold a file's bytes (one more than allowed at most) and its state before they were read."""

    kept: bytes = field(repr=False)
    state: os.stat_result


class FileProvider:
    """Answer `file:///PATH` with the file's bytes as they are, a line's end included."""

    def __init__(self, *, readable: Callable[[str], None], deadline_s: float = DEADLINE_S) -> None:
        """Take whom to tell, once a path, that everybody on this machine may read a file."""
        self._readable = readable
        self._told: set[str] = set()
        self._deadline_s = deadline_s
        self._threads = Threads("file")

    @property
    def schemes(self) -> frozenset[str]:
        """Return `file`."""
        return frozenset({"file"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Return what the file holds now; its version is its inode, its time and a keyed mark."""
        async with in_time(reference.text(), deadline_s=self._deadline_s):
            read = await self._threads.run(lambda: _read(reference))
        if read.state.st_mode & stat.S_IROTH and reference.path not in self._told:
            self._told.add(reference.path)
            self._readable(reference.path)
        value = value_of(read.kept, reference=reference)
        state = f"{read.state.st_ino:x}-{read.state.st_mtime_ns:x}"
        return Fetched(value=value, version=f"{state}-{mark_of(value)}")

    async def renew(self, lease: Lease) -> Lease:
        """Refuse: a file has no lease."""
        raise SecretDeniedError(
            reference="file://", problem=f"it gave no lease '{lease.id}'", advice="fetch it anew"
        )

    async def ready(self) -> None:
        """Return: files are read where they are."""

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()


def _read(reference: SecretRef) -> _Read:
    try:
        opened = os.open(Path(reference.path), _FLAGS)
    except OSError as error:
        raise _unreadable(reference, error) from None
    try:
        state = os.fstat(opened)
        _refuse_strange(state, reference=reference)
        kept = b""
        while len(kept) <= MAX_VALUE_BYTES and (
            piece := os.read(opened, MAX_VALUE_BYTES + 1 - len(kept))
        ):
            kept += piece
    except OSError as error:
        raise _unreadable(reference, error) from None
    finally:
        os.close(opened)
    if not kept:
        raise SecretUnavailableError(
            reference=reference.text(),
            problem="the file is empty: nothing is in it, or it is being written",
            advice="write another file and rename it over this one",
        )
    return _Read(kept=kept, state=state)


def _unreadable(
    reference: SecretRef, error: OSError
) -> SecretMissingError | SecretDeniedError | SecretUnavailableError:
    text = reference.text()
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SecretMissingError(
            reference=text, problem="there is no such file", advice="mount it, or name another"
        )
    if isinstance(error, PermissionError):
        return SecretDeniedError(
            reference=text,
            problem="this process may not read it",
            advice="let its user or group read the file",
        )
    return SecretUnavailableError(
        reference=text,
        problem=f"it can't be read ({type(error).__name__}, {error.errno})",
        advice="see whether the mount is there",
    )


def _refuse_strange(state: os.stat_result, *, reference: SecretRef) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise malformed(
            reference, problem="it is no regular file", advice="name a file, not a folder or pipe"
        )
    if state.st_mode & stat.S_IWOTH:
        raise SecretDeniedError(
            reference=reference.text(),
            problem="everybody on this machine may write it",
            advice="take that right away: chmod o-w",
        )
