"""What a gate writes is what a platform believes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from harness.checks import Verdict
from harness.concluding import GateRequest, conclude
from harness.evidence import gate_document
from harness.gate import GateReport, GateRules
from harness.results import Manifest, read_manifest
from harness.summary import Tally
from runtime.domain.gate_report import GateReport as Brought
from runtime.domain.gate_report import JudgedGate, judged_gate
from runtime.public import JsonObject, digest
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_manifest,
    a_run,
    a_trial,
)

JUDGED = datetime(2026, 3, 2, 10, tzinfo=UTC)


def written(folder: Path, *, failed: int = 0) -> JsonObject:
    """Judge a run of thirty trials, and read what the gate wrote."""
    names = [f"s-{at}" for at in range(30)]
    trials = [(a_failed_trial if at < failed else a_trial)(name) for at, name in enumerate(names)]
    surroundings = {
        "registry": "sha256:r",
        "prompt": "1:sha256:p",
        "plugin": "helpdesk@1",
        "policy": "table",
        "scorers": "1",
    }
    run = a_run(folder / "run", trials)
    tally = Tally()
    for trial in trials:
        tally.add(trial)
    manifest = read_manifest(run).model_copy(update={"comparability": {"helpdesk": surroundings}})
    gate = GateRequest(rules=GateRules(), models=(ORACLE,), bases={}, whole=frozenset(), aside={})
    conclude(manifest, tally, gate, folder=run, judged_at=JUDGED, stopped=None, wall_s=1.0)
    found: JsonObject = orjson.loads((run / "gate.json").read_bytes())
    return found


def brought(document: JsonObject) -> JudgedGate:
    """Let a platform read it."""
    report = Brought.model_validate(document)
    return judged_gate(report, model=ORACLE, environment="helpdesk", now=JUDGED)


@pytest.mark.parametrize(("failed", "passed"), [(0, True), (30, False)])
def test_a_platform_believes_what_the_gate_wrote(
    tmp_path: Path, failed: int, *, passed: bool
) -> None:
    """Whatever the verdict."""
    document = written(tmp_path, failed=failed)

    found = brought(document)

    assert found.passed is passed
    assert found.verdict == document["verdict"]
    assert found.surroundings.registry == "sha256:r"


def test_the_digest_is_of_all_the_rest(tmp_path: Path) -> None:
    """By the one spelling that JSON has for it."""
    document = written(tmp_path)

    assert document.pop("digest") == digest(document)


def test_what_was_judged_is_sorted() -> None:
    """So that the same models in another order are the same report."""
    manifest = Manifest.model_validate(a_manifest([a_trial()]))
    report = GateReport(verdict=Verdict.INCONCLUSIVE, checks=())

    one, other = (
        gate_document(report, manifest, models=models, judged_at=JUDGED)
        for models in (("a", "b"), ("b", "a"))
    )

    assert one == other
