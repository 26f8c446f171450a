"""Whatever goes wrong in the child is one line without the password."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.tracking.champion import champion_of, move_champion
from harness.tracking.child import READ, TrackingError, answer_of, without_login
from harness.tracking.history import history
from harness.tracking.stored import stored_traces
from tests.unit.harness.reporting.builders import ORACLE
from tests.unit.harness.tracking.conftest import settings_for

NOWHERE = "sqlite:////proc/none/mlflow.db"


@pytest.mark.parametrize("missing", ["mlflow", "pandas"])
def test_without_mlflow_every_question_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The base package works without the extra; nothing is started."""
    monkeypatch.setitem(sys.modules, missing, None)
    settings = settings_for(NOWHERE)

    for question in (
        lambda: history(settings),
        lambda: champion_of(ORACLE, settings),
        lambda: stored_traces("plangate", settings, limit=1),
    ):
        with pytest.raises(TrackingError, match=r"install plangate\[eval\]"):
            question()
    assert "not installed" in str(move_champion(tmp_path, [ORACLE], settings))


def test_a_failing_child_is_one_line() -> None:
    """Its own last line, with the store that it was about."""
    with pytest.raises(TrackingError) as raised:
        answer_of("harness.no_such_module", [], settings_for("http://ann:secret@h/ml"))

    assert "No module named" in str(raised.value)
    assert str(raised.value).endswith("(tracking store http://h/ml)")


def test_a_child_that_takes_too_long_is_given_up() -> None:
    """Nobody waits for a store forever."""
    with pytest.raises(TrackingError, match=r"no answer from http://h within 0\.01 s"):
        answer_of(READ, ["history", "1"], settings_for("http://u:p@h"), timeout_s=0.01)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        pytest.param("http://a:b@h/ml", "at http://h/ml", id="user and password"),
        pytest.param("postgresql://a:p@x@h/ml", "at postgresql://h/ml", id="an @ in the password"),
        pytest.param("sqlite:///m.db", "at sqlite:///m.db", id="no login"),
    ],
)
def test_logins_are_not_shown(uri: str, shown: str) -> None:
    """Addresses stand in terminals and CI logs."""
    assert without_login(f"at {uri}", uri=uri) == shown
