"""A run that was logged is read back through MLflow's own client from a real SQLite store."""

from __future__ import annotations

import json
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from harness.checks import Verdict
from harness.settings import HarnessSettings
from harness.tracking.launch import track_run
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

KEYWORD = "plangate/keyword"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Log a gated run of two models twice, as a resumed run is; return the store's address."""
    home = tmp_path_factory.mktemp("tracking")
    trials = [a_trial(), a_failed_trial(model=KEYWORD), a_lost_trial("helpdesk-other", KEYWORD)]
    folder = a_run(home / "run", trials, gate=a_gate(Verdict.REGRESSION))
    (folder / "report.html").write_text("<html></html>", encoding="utf-8")
    uri = f"sqlite:///{home}/deep/store/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        settings = HarnessSettings.read()
    for _ in range(2):
        assert track_run(folder, settings) is None
    return uri


@pytest.fixture
def client(store: str) -> Iterator[MlflowClient]:
    """Open MLflow's client on the store; its warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield MlflowClient(tracking_uri=store)


def runs_of(client: MlflowClient, *, parent: str | None = None) -> list[Run]:
    """Return parent runs, or the children of one."""
    experiment = client.get_experiment_by_name("plangate")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    return [run for run in found if run.data.tags.get("mlflow.parentRunId") == parent]


def test_each_logging_is_a_finished_parent_run(client: MlflowClient) -> None:
    """A resumed run is logged anew under the same name, with the gate's verdict."""
    parents = runs_of(client)

    assert [run.info.run_name for run in parents] == ["run_01", "run_01"]
    assert {run.info.status for run in parents} == {"FINISHED"}
    assert parents[0].data.tags["plangate.run"] == "run_01"
    assert parents[0].data.tags["plangate.gate"] == Verdict.REGRESSION.value


def test_parameters_hold_the_digests(client: MlflowClient) -> None:
    """Runs are compared by what made them comparable."""
    params = runs_of(client)[0].data.params

    assert params["suite_digest"] == "sha256:5a1e"
    assert params["helpdesk.registry"] == "sha256:01"


def test_each_model_is_a_child_run_with_its_metrics(client: MlflowClient) -> None:
    """Rates, findings and labels of each model stand side by side."""
    children = runs_of(client, parent=runs_of(client)[0].info.run_id)

    by_model = {run.data.params["model"]: run.data for run in children}
    assert set(by_model) == {ORACLE, KEYWORD}
    assert by_model[ORACLE].metrics["pass_rate"] == 1
    assert by_model[KEYWORD].metrics["pass_rate"] == 0
    assert by_model[KEYWORD].metrics["tag/refund/trials"] == 2
    assert by_model[KEYWORD].metrics["findings/cost"] == 1
    assert "cost_micros" not in by_model[KEYWORD].metrics
    assert by_model[ORACLE].params["label"] == "offline oracle"


def test_files_and_table_come_back(client: MlflowClient, tmp_path: Path) -> None:
    """The report, the records and a table of the trials are kept with the run."""
    run_id = runs_of(client)[0].info.run_id

    names = {item.path for item in client.list_artifacts(run_id)}
    table = json.loads(
        Path(client.download_artifacts(run_id, "results.json", str(tmp_path))).read_text()
    )

    assert names == {
        "gate.json", "manifest.json", "report.html", "results.json", "results.jsonl",
        "summary.json",
    }  # fmt: skip
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert [(row["model"], row["status"], row["passed"]) for row in rows] == [
        (ORACLE, "scored", True),
        (KEYWORD, "scored", False),
        (KEYWORD, "infrastructure", None),
    ]


def test_files_lie_beside_the_database(store: str) -> None:
    """Whoever moves the folder moves all of it; nothing is written where the run was started."""
    home = Path(store.removeprefix("sqlite:///")).parent

    assert sorted(path.name for path in home.iterdir()) == ["mlartifacts", "mlflow.db"]
    assert not Path("mlruns").exists()
    assert list((home / "mlartifacts").iterdir())


@contextmanager
def dying_server(*, answers: int, hangs: bool = False) -> Iterator[str]:
    """Serve MLflow's first calls and then go: close every connection, or never answer again.

    The body is that of a created experiment and run, which is all that the first calls read.
    """
    body = (
        b'{"experiment": {"experiment_id": "1", "name": "plangate", "lifecycle_stage": "active"},'
        b' "run": {"info": {"run_id": "r1", "experiment_id": "1", "status": "RUNNING",'
        b' "artifact_uri": "mlflow-artifacts:/r1"}, "data": {}}}'
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    answer = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            for _ in range(answers):
                connection, _address = listening.accept()
                with connection:
                    connection.recv(1_000_000)
                    connection.sendall(answer)
            while hangs:
                held.append(listening.accept()[0])
            listening.close()

    uri = f"http://127.0.0.1:{listening.getsockname()[1]}"
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield uri
    finally:
        listening.close()
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    ("answers", "hangs"),
    [
        pytest.param(0, False, id="down from the start"),
        pytest.param(4, False, id="dies in the middle"),
        pytest.param(4, True, id="hangs in the middle"),
    ],
)
def test_a_server_that_dies_costs_nothing_but_a_line(
    tmp_path: Path, answers: int, *, hangs: bool
) -> None:
    """The results on disk are as they were, the line says why, and nobody waits for long."""
    folder = a_run(tmp_path / "run", [a_trial(), a_failed_trial(model=KEYWORD)])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with dying_server(answers=answers, hangs=hangs) as uri, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        started = time.monotonic()
        reason = track_run(folder, HarnessSettings.read(), traces=True)
        lasted_s = time.monotonic() - started

    assert reason is not None
    assert "\n" not in reason
    assert f"(tracking store {uri})" in reason
    assert lasted_s < 30
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
