"""Become a server whose life is tied to ours: a script that `process` starts.

`python -I -S launcher.py PARENT SIGNAL USER GROUP PIPE COMMAND...` gives up root's rights, ties the
server to its parent, and replaces itself by the command: the server is the parent's direct child.
It runs alone in its process, so it may do what isn't safe between fork and exec in a process with
threads. USER, GROUP and PIPE may be `-`.

What holds where: on Linux (PIPE is `-`) the kernel sends SIGNAL when the *thread* that started the
launcher ends, for whatever reason. Elsewhere PIPE is the reading end of a pipe that the parent
keeps open: a small watcher sees it close and sends SIGNAL, for as long as nobody kills the watcher.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from typing import Final

NOBODY: Final = "-"
NO_PIPE: Final = "-"
# The caller's locale, time zone and PG* variables have no say in how a server behaves.
ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC"}
_PR_SET_PDEATHSIG: Final = 1


def main(arguments: Sequence[str]) -> None:
    """Do what the module says; only returns by an exception."""
    parent, number, user, group, pipe, *command = arguments
    if user != NOBODY:
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))  # the tie comes after: the kernel forgets it when the user changes
    if pipe == NO_PIPE:
        _die_with_parent(int(parent), int(number))
    else:
        _be_watched(int(pipe), int(number))
    try:
        os.execve(command[0], command, ENVIRONMENT)  # noqa: S606  # the supervisor's own command
    except OSError as error:
        sys.exit(f"{command[0]} can't be run: {error.strerror}")


def _die_with_parent(parent: int, number: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor ended before the server began")


def _be_watched(pipe: int, number: int) -> None:
    server = os.getpid()
    if os.fork():
        os.close(pipe)
        return
    os.read(pipe, 1)
    if os.getppid() == server:  # else the server has ended, and its number may be a stranger's
        os.kill(server, number)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
