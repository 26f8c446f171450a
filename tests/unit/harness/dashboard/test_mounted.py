"""A platform opens the dashboard of one folder; its children learn no secret of the platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dashboard.mounted import opened
from harness.settings import mounted_settings
from tests.unit.harness.dashboard.builders import ask, some_runs


async def test_it_answers_for_every_name_while_it_is_open(tmp_path: Path) -> None:
    """Below the address that the platform names."""
    async with opened(some_runs(tmp_path), tracking_uri="") as app:
        answer = await ask(app, "/p/", root_path="/p", headers={"host": "platform.example"})

    assert answer.status == 200
    assert "run_01" in answer.text


def test_children_learn_nothing_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """They read a store, and need no more than a path."""
    monkeypatch.setenv("PLANGATE_TOKEN_KEYS", "secret")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")

    settings = mounted_settings("sqlite:///x.db")

    assert "secret" not in settings.environ.values()
    assert "PATH" in settings.environ
    assert settings.tracking_uri == "sqlite:///x.db"
