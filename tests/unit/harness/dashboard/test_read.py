"""Check what the child reads from a real store."""

import sys

import orjson
import pytest

from harness.checks import Verdict
from harness.dashboard.read import main, overview
from harness.dashboard.store import ask_store
from harness.record import read_run
from harness.tracking.crown import crown_models
from harness.tracking.mlflow_log import log_run
from tests.unit.harness.dashboard.builders import settings_for
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_gate, a_run, a_trial

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Log two runs and bless the oracle in the first."""
    home = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{home}/mlflow.db"
    trials = [a_trial(), a_failed_trial(model="m/two")]
    first = read_run(a_run(home / "one", trials, gate=a_gate(Verdict.PASS)))
    log_run(first, tracking_uri=uri)
    log_run(read_run(a_run(home / "two", trials, run="run_02")), tracking_uri=uri)
    crown_models(first, [ORACLE], tracking_uri=uri)
    return uri


def test_points_and_champions_come_in_one_answer(uri: str) -> None:
    """Each model of each run is a point; only a blessed model is a champion."""
    found = overview("10", tracking_uri=uri)

    assert {(point["run"], point["model"]) for point in found["points"]} == {
        (run, model) for run in ("run_01", "run_02") for model in (ORACLE, "m/two")
    }
    assert [(item["model"], item["run"]) for item in found["champions"]] == [(ORACLE, "run_01")]


def test_the_parent_gets_the_same(uri: str) -> None:
    """The answer survives the way through the child process."""
    answer = ask_store(settings_for(uri))

    assert len(answer.points) == 4
    assert answer.champions == {ORACLE: "run_01"}


def test_it_prints_for_the_store_of_the_environment(
    uri: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The limit is the only argument."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(sys, "argv", ["read", "1"])
    main()
    sys.stdout.flush()

    assert len(orjson.loads(capfdbinary.readouterr().out)["points"]) == 1
