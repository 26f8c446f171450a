"""Postgres refuses root, so somebody else runs it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from runtime.adapters.embedded.account import Account, server_account
from runtime.domain.errors import EmbeddedServerError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def test_a_usual_user_runs_the_server_as_itself(tmp_path: Path) -> None:
    """Rights are only given up where there are some."""
    assert server_account(tmp_path, user=1_000) is None


def test_root_runs_a_new_server_as_nobody(tmp_path: Path) -> None:
    """The unprivileged user that every Linux has."""
    nobody = pwd.getpwnam("nobody")

    account = server_account(tmp_path / "new", user=0, system="linux")

    assert account == Account(user=nobody.pw_uid, group=nobody.pw_gid)


@as_root
def test_root_runs_the_server_as_the_owner_of_its_data(tmp_path: Path) -> None:
    """Who ran it once can always read it."""
    os.chown(tmp_path, 12_345, 54_321)

    account = server_account(tmp_path, user=0, system="linux")

    assert account == Account(user=12_345, group=54_321)


def test_root_is_refused_where_data_can_not_be_handed_over(tmp_path: Path) -> None:
    """Only Linux lets a server into a folder that it can't reach by name."""
    with pytest.raises(EmbeddedServerError, match="does not run as root; start it as another user"):
        server_account(tmp_path, user=0, system="darwin")


def test_root_is_refused_where_there_is_nobody_else(tmp_path: Path) -> None:
    """A system without the usual user says which one is missing."""
    with pytest.raises(EmbeddedServerError, match="no user 'plangate-nobody'"):
        server_account(tmp_path / "new", user=0, system="linux", unprivileged="plangate-nobody")
