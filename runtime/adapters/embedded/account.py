"""Choose the operating-system user that a server runs as: Postgres refuses to run as root."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.domain.errors import EmbeddedServerError

UNPRIVILEGED: Final = "nobody"
ROOT: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Name a user by number, with the group to run in."""

    user: int
    group: int


def server_account(
    data: Path,
    *,
    user: int | None = None,
    system: str = sys.platform,
    unprivileged: str = UNPRIVILEGED,
    server: str = "server",
) -> Account | None:
    """Return whom to run as, or nothing to stay who we are.

    Args:
        data: the server's data; once they belong to a user, that user runs the server.
        user: who we are, if not who this process is.
        system: the kind of system; rights are only given up on Linux, where `/proc` leads a server
            to data below folders that it can't enter.
        unprivileged: the user to be where there is no other choice.
        server: the server's name, for the error.

    Raises:
        EmbeddedServerError: If we are root and there is nobody else to be.
    """
    if (os.geteuid() if user is None else user) != ROOT:
        return None
    if system != "linux":
        raise EmbeddedServerError(
            server=server,
            problem="it does not run as root",
            advice="start it as another user",
        )
    if data.exists() and data.stat().st_uid != ROOT:
        found = data.stat()
        return Account(user=found.st_uid, group=found.st_gid)
    return _named(unprivileged, server=server)


def _named(name: str, *, server: str) -> Account:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedServerError(
            server=server,
            problem=f"it does not run as root, and this system has no user '{name}'",
            advice="start it as another user",
        ) from None
    return Account(user=found.pw_uid, group=found.pw_gid)
