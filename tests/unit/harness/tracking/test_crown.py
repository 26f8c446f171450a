"""Blessing the same configuration again moves nothing but the run that is named."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.record import read_run
from harness.tracking.contenders import crowned
from harness.tracking.crown import crown_models, main
from harness.tracking.store import open_store
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial

pytestmark = pytest.mark.filterwarnings("ignore")  # the driver's own


def test_a_configuration_has_one_version_however_often_it_is_blessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version tells which run was blessed last; a run that was never logged will do."""
    uri = f"sqlite:///{tmp_path}/m.db"
    folder = a_run(tmp_path / "run", [a_trial()])
    run = read_run(folder)
    again = replace(run, manifest=run.manifest.model_copy(update={"run": "run_09"}))
    crown_models(again, [ORACLE], tracking_uri=uri)
    first = crowned(open_store(uri, now_ms=0), ORACLE)

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(sys, "argv", ["crown", str(folder), ORACLE])
    main()

    second = crowned(open_store(uri, now_ms=0), ORACLE)
    assert first is not None
    assert (first.run, first.version) == ("run_09", "1")
    assert second == replace(first, run="run_01")
