"""Prove that the environment is read once, at the edge."""

from __future__ import annotations

import re

import pytest

from harness.settings import DEFAULT_TRACKING, HarnessSettings, code_version


@pytest.mark.parametrize(
    ("value", "in_ci"),
    [("", False), ("0", False), ("False", False), ("true", True), ("1", True)],
)
def test_ci_is_known_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, *, in_ci: bool
) -> None:
    """No live display there."""
    monkeypatch.setenv("CI", value)

    assert HarnessSettings.read().in_ci is in_ci


def test_the_log_has_a_default_and_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's own variable is respected."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    usual = HarnessSettings.read()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")

    assert usual.tracking_uri == DEFAULT_TRACKING
    assert HarnessSettings.read().tracking_uri == "http://127.0.0.1:5000"


def test_the_version_of_the_program_is_known() -> None:
    """It stands in the manifest of a run."""
    assert re.fullmatch(r"[0-9.]+\+[0-9a-f]{16}", code_version())
    assert code_version() == code_version()
