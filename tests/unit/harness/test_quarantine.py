"""Prove that a quarantine names what it sets aside, for whom and how long, and refuses the rest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.quarantine import Quarantine, read_quarantine
from harness.yaml_source import SourceError

ENTRY = """\
quarantine:
  - scenario: counter-a
    owner: ann
    reason: The provider rounds differently on Mondays.
    until: "2026-03-31"
  - scenario: counter-b
    owner: bob
    reason: Flips since the model was updated.
    until: "2026-01-01"
    model: openai/*
"""


def read(folder: Path, text: str = ENTRY, *, known: set[str] | None = None) -> Quarantine:
    """Write a quarantine file and read it."""
    path = folder / "quarantine.yaml"
    path.write_text(text, encoding="utf-8")
    return read_quarantine(path, known=known)


def test_a_scenario_is_set_aside_for_the_models_that_the_glob_fits(tmp_path: Path) -> None:
    """Without a glob for all of them."""
    found = read(tmp_path)

    assert found.scenarios("openai/gpt") == {"counter-a", "counter-b"}
    assert found.scenarios("other/model") == {"counter-a"}
    assert Quarantine().scenarios("any") == frozenset()


@pytest.mark.parametrize(
    ("today", "expired"),
    [
        pytest.param("2026-01-01", [], id="on the last day"),
        pytest.param("2026-01-02", ["counter-b"], id="a day later"),
        pytest.param("2026-04-01", ["counter-a", "counter-b"], id="after all of them"),
    ],
)
def test_an_entry_ends_after_its_last_day(tmp_path: Path, today: str, expired: list[str]) -> None:
    """The last day itself still counts."""
    over = read(tmp_path).expired(date.fromisoformat(today))

    assert [item.scenario for item in over] == expired


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(ENTRY.replace("owner: ann", 'owner: ""'), ":3: quarantine", id="no owner"),
        pytest.param(ENTRY.replace('"2026-03-31"', "soon"), ":5: quarantine", id="no day"),
        pytest.param(ENTRY + "    why: x\n", ":11: quarantine", id="unknown key"),
        pytest.param("quarantine: [", "not YAML", id="no YAML"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    """With its line."""
    with pytest.raises(SourceError, match=complaint):
        read(tmp_path, text)


def test_a_scenario_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """An entry for what is gone hides nothing and must go, too."""
    assert read(tmp_path, known={"counter-a", "counter-b", "counter-c"}).quarantine
    with pytest.raises(SourceError, match=":6: there is no scenario 'counter-b'"):
        read(tmp_path, known={"counter-a"})
