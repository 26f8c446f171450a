"""Traces of a file or of a store become skeletons, and the command says what it did."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.cli.traces import TracesOptions, import_traces_command
from harness.loader import load
from harness.settings import HarnessSettings
from harness.tracking.launch import track_run
from harness.tracking.traces import TraceSource, trace_document
from harness.trial import TrialRecord
from tests.unit.harness.reporting.builders import a_plan, a_run, a_trial


def a_count(message: str) -> TrialRecord:
    """Build a trial that set a counter."""
    plan = a_plan(("counter.set@1", {"value": 3}))
    return a_trial(
        "count", environment="counter", message=message, proposal={"kind": "plan", "plan": plan}
    )


def test_a_file_becomes_scenarios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was replaced and what was not used is listed."""
    source = TraceSource(run="r", began_ns=1, said={})
    trace = trace_document(a_count("I am ann@corp.org, my friend is Zaphod"), source)
    path = tmp_path / "traces.json"
    path.write_bytes(orjson.dumps([trace, {"info": {"trace_id": "tr-odd"}}]))
    options = TracesOptions(file=path, output=tmp_path / "out", names=("Zaphod",))

    assert import_traces_command(options) == 0

    said = capsys.readouterr()
    (scenario,) = load([tmp_path / "out"], root=tmp_path).scenarios
    assert scenario.when.message == "I am email1@example.com, my friend is Person1"
    assert "1 scenarios imported, 0 traces say the same, 1 not used" in said.out
    assert "Replaced: Person1 1x, email1@example.com 1x." in said.out
    assert "traces.json:2: trace tr-odd: it holds neither" in said.err


@pytest.mark.parametrize(
    "content", [pytest.param(None, id="no file"), pytest.param(b"[{}]", id="nothing usable")]
)
def test_an_import_of_nothing_is_an_error(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written then."""
    path = tmp_path / "traces.json"
    if content is not None:
        path.write_bytes(content)

    assert import_traces_command(TracesOptions(file=path, output=tmp_path / "out")) == 5
    assert "traces.json" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


def test_a_store_is_read_where_no_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a run logged with traces comes back as scenarios."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/m.db")
    folder = a_run(tmp_path / "run", [a_count("count to three")])
    assert track_run(folder, HarnessSettings.read(), traces=True) is None

    assert import_traces_command(TracesOptions(file=None, output=tmp_path / "out")) == 0

    (scenario,) = load([tmp_path / "out"], root=tmp_path).scenarios
    assert scenario.when.message == "count to three"
    assert "Replaced: nothing." in capsys.readouterr().out


def test_a_store_that_fails_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of the child."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://x")

    assert import_traces_command(TracesOptions(file=None, output=tmp_path / "out")) == 5
    assert "(tracking store nonsense://x)" in capsys.readouterr().err
