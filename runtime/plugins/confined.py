"""Confine a process in which foreign code runs: little memory and time, no way out, no secrets.

Used inside children of ours, before a plugin is imported. The kernel's bounds hold whatever the
code does; what Python tells of itself (`sys.addaudithook`) is refused by name, which stops code
that does not go out of its way, and gives a reason.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_STATM: Final = Path("/proc/self/statm")
_KEPT_VARIABLES: Final = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})
_REFUSED: Final[Mapping[str, str]] = {
    "socket.connect": "reached for the network",
    "socket.bind": "reached for the network",
    "socket.sendto": "reached for the network",
    "socket.getaddrinfo": "reached for the network",
    "socket.gethostbyname": "reached for the network",
    "os.fork": "started a process",
    "os.forkpty": "started a process",
    "os.exec": "started a process",
    "os.posix_spawn": "started a process",
    "os.spawn": "started a process",
    "os.system": "started a process",
    "subprocess.Popen": "started a process",
    "os.kill": "signalled a process",
    "os.killpg": "signalled a process",
}
_SECRET_FILES: Final = ("/environ", "/mem", "/maps", "/cmdline")
_DEVICES: Final = frozenset({os.devnull, "/dev/tty", "/dev/stdout", "/dev/stderr"})
_OWN_NAMES: Final = ("PLANGATE_", "AWS_", "OPENAI_", "ANTHROPIC_", "GOOGLE_", "VAULT_")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class ConfinedError(BaseException):
    """Foreign code did what it may not; no `except Exception` of its own holds it back."""


@dataclass(slots=True)
class Deeds:
    """Note what foreign code tried to do; the first of it is the reason."""

    noted: list[str] = field(default_factory=list)

    def note(self, deed: str) -> None:
        """Remember a deed."""
        if len(self.noted) < 10:  # noqa: PLR2004  # enough for a reason
            self.noted.append(deed)


def bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a confined process is started with: none that says a secret."""
    kept = {name: value for name, value in environ.items() if name in _KEPT_VARIABLES}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends, where Linux lets it; else its closed pipe does."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def cap(*, memory_bytes: int, cpu_s: int | None) -> None:
    """Cap what this process takes beyond what it has: memory, files and, if told, CPU seconds."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_s is not None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        most = int(usage.ru_utime + usage.ru_stime) + cpu_s + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError):  # not where memory is not counted so
        held = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        most = held + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def silence() -> None:
    """Let nothing that foreign code prints, or reads, reach anybody."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def watch(deeds: Deeds, *, environ: Iterable[str] = _OWN_NAMES) -> None:
    """Refuse from now on what foreign code has no business with, and note it; can't be undone."""
    names = tuple(environ)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        deed = _REFUSED.get(event) or _opened(event, arguments)
        if deed is not None:
            deeds.note(deed)
            raise ConfinedError(deed)

    variables = os.environ  # noqa: TID251  # this process's own, which foreign code looks into

    class WatchedVariables(type(variables)):  # type: ignore[misc]  # the class is private
        def __getitem__(self, key: str) -> str:
            if key.startswith(names):
                deeds.note(f"looked for the variable {key[:60]}")
            found: str = super().__getitem__(key)
            return found

    variables.__class__ = WatchedVariables
    sys.addaudithook(hook)


def _opened(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Return what is wrong with opening a file, if anything."""
    if event != "open":
        return None
    path, _, flags = (*arguments, None, None, None)[:3]
    if not isinstance(path, str | bytes):
        return None
    text = os.fsdecode(path)
    if text.startswith("/proc/") and text.endswith(_SECRET_FILES):
        return "looked into what processes hold"
    if isinstance(flags, int) and flags & _WRITES and text not in _DEVICES:
        return "wrote a file"
    return None
