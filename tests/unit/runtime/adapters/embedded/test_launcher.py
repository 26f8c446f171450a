"""The launcher ties a server to its parent; its effects on servers are in test_process."""

from __future__ import annotations

import os

import pytest

from runtime.adapters.embedded import launcher

NO_SIGNAL = "0"


def test_a_server_whose_parent_is_gone_does_not_begin() -> None:
    """The parent may end before the kernel was told to watch it."""
    with pytest.raises(SystemExit, match="the supervisor ended before the server began"):
        launcher.main(["-1", NO_SIGNAL, "-", "-", "-", "/no/such/server"])


def test_a_command_that_can_not_run_is_named() -> None:
    """The sentence ends up in the server's log."""
    parent = str(os.getppid())

    with pytest.raises(SystemExit, match="/no/such/server can't be run: No such file"):
        launcher.main([parent, NO_SIGNAL, "-", "-", "-", "/no/such/server"])
