"""Prove that a log is not folded at eighty columns."""

from __future__ import annotations

import pytest

from harness.cli.consoles import WIDE, wide_console


def test_a_log_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless somebody says how wide it is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert wide_console().width == WIDE
    assert wide_console(stderr=True).width == WIDE

    monkeypatch.setenv("COLUMNS", "100")
    assert wide_console().width == 100
