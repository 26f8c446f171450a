"""SIGTERM unwinds a command as Ctrl-C does."""

from __future__ import annotations

import signal

import pytest

from runtime.entrypoints.cli.ending import Terminated, terminated_as_interrupted


def test_sigterm_unwinds_the_block() -> None:
    """What waits for an interrupt waits for this too, and the usual handler is back afterwards."""
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(Terminated), terminated_as_interrupted():
        signal.raise_signal(signal.SIGTERM)

    assert issubclass(Terminated, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGTERM) is before
