"""A child process says in one line what went wrong."""

from __future__ import annotations

import pytest

from harness.tracking.edge import told


def broken() -> None:
    """Fail with an error of several lines."""
    raise ValueError("one\n  two")


def test_success_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, and the code is zero."""
    assert told(lambda: None) == 0
    assert capsys.readouterr().err == ""


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The parent shows the last line only, so there is only one."""
    assert told(broken) == 1
    assert capsys.readouterr().err == "ValueError: one two\n"
