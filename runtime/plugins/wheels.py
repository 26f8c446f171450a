"""Unpack a wheel beside nothing else, so that it can be examined without being installed."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

MOST_FILES: Final = 5_000
MOST_BYTES: Final = 200 * 2**20


class WheelError(ValueError):
    """A file is no wheel that can be examined; the message says why."""


def unpack(wheel: Path, folder: Path) -> None:
    """Write what a wheel holds into a folder.

    Raises:
        WheelError: it is no wheel, holds too much, or names a place outside the folder.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if len(members) > MOST_FILES or size > MOST_BYTES:
                raise WheelError(
                    f"{wheel.name} holds {len(members)} files and {size} bytes, "
                    f"expected {MOST_FILES} and {MOST_BYTES} at most"
                )
            for member in members:
                path = PurePosixPath(member.filename)
                if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
                    raise WheelError(
                        f"{wheel.name} names {member.filename[:80]!r}, a place outside"
                    )
            archive.extractall(folder)  # each place was looked at
    except (OSError, zipfile.BadZipFile) as error:
        raise WheelError(f"{wheel.name} can't be read as a wheel: {error}") from None
