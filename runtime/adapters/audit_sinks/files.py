"""Keep copies as files below a folder of this machine, for development.

A file is complete or not there, never replaced, and carries its digest in its name. Whoever owns
the folder can delete it all the same: this is no WORM, and says so.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from runtime.adapters.audit_sinks.bounded import BoundedThreads
from runtime.kit.canonical_json import digest_bytes
from runtime.ports.audit_sink import (
    CopyLostError,
    Listed,
    ListedKind,
    Receipt,
    SinkError,
    SinkObject,
)
from runtime.ports.sink_address import SinkAddress

THREADS: Final = 4

_FILE: Final = re.compile(r"(?P<name>.+)\.(?P<digest>[0-9a-f]{64})")
_READ_ONLY: Final = 0o440


class FilesSink:
    """Keep copies in a folder, which must be there."""

    def __init__(self, address: SinkAddress) -> None:
        """Take the address of the folder."""
        self._name = address.name
        self._folder = Path(address.place)
        self._threads = BoundedThreads(THREADS, sink=self._name)
        self._timeout_s = address.timeout_s

    @property
    def name(self) -> str:
        """Return the address of the folder."""
        return self._name

    @property
    def immutable(self) -> bool:
        """Return False: whoever owns the folder can delete what is in it."""
        return False

    @property
    def listable(self) -> bool:
        """Return True: files can be listed and read."""
        return True

    async def put(self, obj: SinkObject) -> Receipt:
        """Return once file and folder are on the disk, and the file reads as it should.

        Raises:
            SinkError: it can't be written.
            CopyLostError: the name is taken by another body.
        """
        return await self._threads.run(self._timeout_s, self._put, obj)

    async def read(self, receipt: Receipt) -> bytes:
        """Return the body that a receipt names.

        Raises:
            SinkError: it can't be read now.
            CopyLostError: there is no such file, or its bytes are others.
        """
        return await self._threads.run(self._timeout_s, self._read, receipt.name, receipt.version)

    async def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Yield all files in the order of their objects' names.

        Raises:
            SinkError: the folder can't be read.
        """
        for found in await self._threads.run(self._timeout_s, self._list, prefix, after):
            yield found

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Refuse: nothing here keeps an owner of the folder from deleting a file.

        Raises:
            SinkError: always.
        """
        del receipt, held
        raise SinkError("files can't be put under a legal hold; use s3://", sink=self._name)

    async def ready(self) -> None:
        """Return if the folder is there and may be written.

        Raises:
            SinkError: it is not, or may not.
        """
        await self._threads.run(self._timeout_s, self._check)

    async def close(self) -> None:
        """Write nothing more."""
        self._threads.close()

    def _check(self) -> None:
        if not self._folder.is_dir() or not os.access(self._folder, os.W_OK | os.X_OK):
            raise SinkError("there is no such folder, or none to write in", sink=self._name)

    def _put(self, obj: SinkObject) -> Receipt:
        self._check()
        digest = digest_bytes(obj.body)
        path = self._path(obj.name, digest)
        try:
            _make_folders(path.parent, below=self._folder)
            others = set(self._digests(obj.name)) - {digest}
            if others:
                raise CopyLostError(f"{obj.name} is there with another body", sink=self._name)
            if not path.exists():
                _written(path, obj.body)
            _sync(path.parent)
        except OSError as error:
            raise self._failed(error) from None
        if self._read(obj.name, digest) != obj.body:
            raise SinkError(f"{obj.name} was written and reads as something else", sink=self._name)
        return Receipt(sink=self._name, name=obj.name, version=digest, digest=digest)

    def _read(self, name: str, digest: str) -> bytes:
        try:
            body = self._path(name, digest).read_bytes()
        except FileNotFoundError:
            raise CopyLostError(f"{name} is gone", sink=self._name) from None
        except OSError as error:
            raise self._failed(error) from None
        if digest_bytes(body) != digest:
            raise CopyLostError(f"{name} has other bytes than it had", sink=self._name)
        return body

    def _list(self, prefix: str, after: str) -> Sequence[Listed]:
        try:
            files = [file for file in self._folder.rglob("*") if file.is_file()]
            sizes = {file: file.stat().st_size for file in files}
        except OSError as error:
            raise self._failed(error) from None
        named: dict[str, list[tuple[str, int]]] = {}
        for file, size_bytes in sizes.items():
            found = _FILE.fullmatch(file.relative_to(self._folder).as_posix())
            if found is not None and found["name"].startswith(prefix) and found["name"] > after:
                versions = named.setdefault(found["name"], [])
                versions.append((f"sha256:{found['digest']}", size_bytes))
        return [
            Listed(
                name=name,
                version=version,
                kind=ListedKind.COPY if len(versions) == 1 else ListedKind.HIDDEN,
                size_bytes=size_bytes,
            )
            for name, versions in sorted(named.items())
            for version, size_bytes in sorted(versions)
        ]

    def _path(self, name: str, digest: str) -> Path:
        return self._folder / f"{name}.{digest.removeprefix('sha256:')}"

    def _digests(self, name: str) -> Sequence[str]:
        path = self._folder / name
        found = (_FILE.fullmatch(file.name) for file in path.parent.iterdir())
        return [f"sha256:{one['digest']}" for one in found if one and one["name"] == path.name]

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"the file system refused ({error.strerror})", sink=self._name)


def _make_folders(folder: Path, *, below: Path) -> None:
    """Make what is missing, each entry on the disk before there is anything in it."""
    if folder == below or folder.is_dir():
        return
    _make_folders(folder.parent, below=below)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _written(path: Path, body: bytes) -> None:
    """Write a file that is complete once it has its name, and takes nobody else's."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READ_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process wrote the same: the digest is in the name
    finally:
        draft.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
