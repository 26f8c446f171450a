"""Past runs propose what is flaky, and entries are added without a byte of the old changing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from harness.cli.quarantine import QuarantineOptions, quarantine_command
from harness.quarantine import read_quarantine
from harness.results import MANIFEST, RESULTS
from runtime.public import JsonValue
from tests.unit.harness.reporting.builders import a_lost_trial, a_run, a_trial
from tests.worlds import findings

MODEL = "openai/one?tools=json"
MODELS: list[JsonValue] = [{"reference": MODEL, "label": "x", "offline": False}]
TODAY = date(2026, 3, 31)
OLD = """\
# Ours; ask ann.
quarantine:
    - scenario: helpdesk-old   # since March
      owner: ann
      reason: The provider rounds differently on Mondays.
      until: "2026-12-31"
# last words"""
MIXED = (True, False, True, False, True)


def history(folder: Path, verdicts: Sequence[Sequence[bool]], **changes: JsonValue) -> Path:
    """Write one run a day with these verdicts, and a lost trial that must not count."""
    for day, run in enumerate(verdicts, start=1):
        trials = [a_trial(model=MODEL, index=at, passed=won) for at, won in enumerate(run)]
        told: dict[str, JsonValue] = {
            "run": f"run_{day:02}",
            "created": f"2026-03-{day:02}T10:00:00+00:00",
            "models": MODELS,
        }
        lost = a_lost_trial(model=MODEL, index=len(run))
        a_run(folder / f"run_{day:02}", [*trials, lost], **(told | changes))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Write eight runs of a scenario that flips."""
    return history(tmp_path / "runs", [MIXED] * 8)


def options(runs_lie_in: Path, **changes: JsonValue) -> QuarantineOptions:
    """Look through all runs below a folder; name what differs."""
    usual = QuarantineOptions(
        runs=(), below=runs_lie_in, owner=None, days=30, write=None, json=False
    )
    return replace(usual, **changes)


def test_a_flake_is_proposed_with_its_evidence(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a scenario, and how to go on."""
    assert quarantine_command(options(runs), today=TODAY) == 0

    assert capsys.readouterr().out == (
        f"flaky: helpdesk-refund ({MODEL}): 24 of 40 trials passed in 8 runs, 12 of 20 in the "
        "first 4 and 12 of 20 since; no change point (p = 1)\n"
        "8 runs: 1 flaky, 0 changed, 0 steady, 0 too few trials\n"
        "set them aside with --write FILE --owner NAME\n"
    )


def test_runs_without_a_flake_ask_for_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A passing history takes one line."""
    runs = history(tmp_path / "runs", [[True] * 5] * 5)

    assert quarantine_command(options(runs), today=TODAY) == 0
    assert capsys.readouterr().out == "5 runs: 0 flaky, 0 changed, 1 steady, 0 too few trials\n"


def test_a_regression_is_shown_and_not_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody may quarantine what broke last week."""
    runs = history(tmp_path / "runs", [[True] * 5] * 4 + [MIXED] * 4)
    target = tmp_path / "quarantine.yaml"

    code = quarantine_command(options(runs, write=target, owner="ann"), today=TODAY)

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith(f"changed: helpdesk-refund ({MODEL}): 32 of 40 trials passed in 8 runs:")
    assert out.endswith(f"{target}: 0 entries added\n")
    assert not target.exists()


def test_a_new_file_is_one_that_the_gate_reads(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With owner, evidence as reason, and a last day; for this model and no other."""
    target = tmp_path / "quarantine.yaml"

    code = quarantine_command(options(runs, write=target, owner=" ann ", days=7), today=TODAY)

    (entry,) = read_quarantine(target).quarantine
    assert code == 0
    assert (entry.owner, entry.until) == ("ann", date(2026, 4, 7))
    assert entry.reason.startswith("Flaky: 24 of 40 trials passed in 8 runs")
    assert read_quarantine(target).scenarios(MODEL) == {"helpdesk-refund"}
    assert not read_quarantine(target).scenarios(MODEL.replace("?", "x"))
    assert f"{target}: 1 entries added" in capsys.readouterr().out


@pytest.mark.parametrize(
    "old",
    [
        pytest.param(OLD, id="indented, with comments and no last newline"),
        pytest.param(OLD.replace("\n    - ", "\n- ").replace("\n      ", "\n  "), id="flush left"),
        pytest.param("quarantine: []\n", id="empty list"),
    ],
)
def test_entries_that_are_there_stay_as_they_are(runs: Path, tmp_path: Path, old: str) -> None:
    """Comments too; and nothing is proposed twice."""
    target = tmp_path / "quarantine.yaml"
    target.write_text(old, encoding="utf-8")
    before = read_quarantine(target).quarantine

    for _ in range(2):
        assert quarantine_command(options(runs, write=target, owner="ann"), today=TODAY) == 0

    kept = old.replace(" []\n", "\n")
    assert target.read_text(encoding="utf-8").startswith(kept)
    found = read_quarantine(target).quarantine
    assert found[:-1] == before
    assert found[-1].scenario == "helpdesk-refund"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["quarantine.yaml"]


def test_a_file_that_can_not_be_added_to_is_left_alone(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines to add are printed."""
    target = tmp_path / "quarantine.yaml"
    flow = (
        'quarantine: [{scenario: a, owner: ann, reason: Flips on Mondays., until: "2026-12-31"}]\n'
    )
    target.write_text(flow, encoding="utf-8")

    assert quarantine_command(options(runs, write=target, owner="ann"), today=TODAY) == 5

    error = capsys.readouterr().err
    assert "nothing can be added to" in error
    assert "  - scenario: helpdesk-refund\n" in error
    assert target.read_text(encoding="utf-8") == flow


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"write": Path("q.yaml")}, "q.yaml needs --owner NAME", id="no owner"),
        pytest.param({"write": Path("q.yaml"), "owner": " "}, "needs --owner", id="blank owner"),
        pytest.param({"days": 0}, "--days is 0, expected at least 1", id="no day"),
        pytest.param({"below": Path("none")}, "there is no run below none", id="no run"),
        pytest.param({"runs": (Path("none"),)}, "none is no run", id="a run that is none"),
        pytest.param(
            {"write": Path("none/q.yaml"), "owner": "ann"},
            "q.yaml can't be written",
            id="no folder",
        ),
    ],
)
def test_what_can_not_be_done_is_told(
    runs: Path,
    changes: dict[str, JsonValue],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With exit code 5."""
    assert quarantine_command(options(runs, **changes), today=TODAY) == 5
    assert message in capsys.readouterr().err


def test_a_damaged_quarantine_file_is_told_with_its_line(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays as it is."""
    target = tmp_path / "quarantine.yaml"
    target.write_text("quarantine:\n  - owner: ann\n", encoding="utf-8")

    assert quarantine_command(options(runs, write=target, owner="ann"), today=TODAY) == 5
    assert f"{target}:2: quarantine.0.scenario" in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({MANIFEST: b'{"version": 99}'}, id="newer manifest"),
        pytest.param({RESULTS: b"broken\n"}, id="damaged trials"),
    ],
)
def test_an_unreadable_run_is_left_out_and_told(
    runs: Path, damage: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """One old folder does not hide all the others; a named one must be readable."""
    for name, content in damage.items():
        (runs / "run_01" / name).write_bytes(content)

    assert quarantine_command(options(runs), today=TODAY) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"left out: {runs / 'run_01'}")
    assert "7 runs: 1 flaky" in out
    assert quarantine_command(options(runs, runs=(runs / "run_01",)), today=TODAY) == 5


def test_the_same_run_in_two_folders_counts_once(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy is no further evidence."""
    folders = tuple(sorted(runs.iterdir()))

    quarantine_command(options(runs, runs=folders + folders), today=TODAY)

    assert "24 of 40 trials passed in 8 runs" in capsys.readouterr().out


def test_governance_findings_are_told_beside_a_flake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quarantine takes a scenario out of the rates, never out of governance."""
    runs = history(tmp_path / "runs", [MIXED] * 8)
    record = a_trial(model=MODEL, index=6, scores=findings("forbidden_action"))
    with (runs / "run_08" / RESULTS).open("ab") as results:
        results.write(orjson.dumps(record.document()) + b"\n")

    quarantine_command(options(runs), today=TODAY)

    assert "; 1 governance findings count all the same\n" in capsys.readouterr().out


def test_json_holds_entries_and_every_standing(
    runs: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """For tools."""
    assert quarantine_command(options(runs, json=True), today=TODAY) == 0

    document = orjson.loads(capfdbinary.readouterr().out)
    assert document["runs"][0] == "run_01"
    assert document["proposed"][0]["owner"] == "nobody yet"
    (scenario,) = document["scenarios"]
    assert scenario["standing"] == "flaky"
    assert scenario["history"] == [[3, 5]] * 8
