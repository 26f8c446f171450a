"""Carry out `plangate eval dashboard`: serve all runs, on this machine, until it is interrupted."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from harness.bootstrap import ConfigurationError
from harness.cli.reading import complain
from harness.settings import DEFAULT_OUTPUT, HarnessSettings

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8787
NEEDS = ("fastapi", "uvicorn")


def dashboard_command(*, host: str | None, port: int, runs: Path | None) -> int:
    """Serve until Ctrl-C; return 0 then, and 5 when the address can't be used.

    Args:
        host: where to listen; None means this machine only.
        port: 0 takes a free one.
        runs: the folder with the folders of runs.
    """
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        return complain(
            ConfigurationError(f"{missing[0]} is not installed; install plangate[eval]")
        )
    from harness.dashboard.serve import (  # noqa: PLC0415  # needs fastapi
        is_loopback,
        open_socket,
        serve,
    )

    where, folder = host or LOOPBACK, runs or DEFAULT_OUTPUT
    try:
        listening = open_socket(where, port)
    except OSError as error:
        return complain(
            ConfigurationError(
                f"{where}:{port} can't be listened on: {error}; name another --port or --host"
            )
        )
    console = Console(soft_wrap=True, highlight=False, markup=False)
    shown = f"[{where}]" if ":" in where else where
    console.print(f"Runs of {folder} at http://{shown}:{listening.getsockname()[1]} (Ctrl-C ends)")
    if not is_loopback(where):
        console.print(
            f"There is no login: whoever reaches {where} reads every run, with all messages and "
            "answers."
        )
    try:
        serve(listening, HarnessSettings.read(), folder, host=where)
    except KeyboardInterrupt:
        console.print("Stopped.")
    return 0
