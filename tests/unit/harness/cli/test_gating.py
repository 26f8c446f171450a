"""Prove that a gate knows its rules, what there is to beat, and what is set aside, beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.bootstrap import ConfigurationError
from harness.cli.gating import against, gate_request
from harness.cli.wishes import RunOptions, run_options
from harness.comparison import Part
from harness.concluding import GateRequest
from harness.loader import load
from harness.record import read_run
from harness.replay import Contender
from harness.yaml_source import SourceError
from runtime.public import Sampling
from tests.unit.harness.cli.test_wishes import GIVEN
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial
from tests.unit.harness.test_calls import Paid
from tests.worlds import a_world

QUARANTINE = """\
quarantine:
  - scenario: counter-set-three
    owner: ann
    reason: Flips since the spring.
    until: "{until}"
"""


def gated(world: Path, **given: Any) -> GateRequest:  # noqa: ANN401  # options of any type
    """Gather what the gate of a run needs."""
    told = {"paths": [world], "gate": True, "baselines": world / "none", **given}
    options: RunOptions = run_options({**GIVEN, **told})
    contenders = {
        name: Contender(reference=name, label="", model=Paid(), sampling=Sampling())
        for name in options.models
    }
    return gate_request(options, contenders, load(options.paths, root=world.parent))


def test_what_is_set_aside_is_told_to_the_gate(tmp_path: Path) -> None:
    """For each gated model."""
    world = a_world(tmp_path)
    (world / "quarantine.yaml").write_text(QUARANTINE.format(until="2999-01-01"))

    assert gated(world).aside == {ORACLE: {"counter-set-three"}}


def test_a_quarantine_that_is_over_ends_the_run(tmp_path: Path) -> None:
    """Before anything is asked, with the owner."""
    world = a_world(tmp_path)
    (world / "quarantine.yaml").write_text(QUARANTINE.format(until="2020-01-01"))

    with pytest.raises(ConfigurationError, match=r"counter-set-three \(ann, until 2020-01-01\)"):
        gated(world)


def test_a_quarantine_of_nothing_is_refused(tmp_path: Path) -> None:
    """Restricted by tags, nobody knows all scenarios."""
    world = a_world(tmp_path)
    text = QUARANTINE.format(until="2999-01-01").replace("set-three", "gone")
    (world / "quarantine.yaml").write_text(text)

    with pytest.raises(SourceError, match="there is no scenario 'counter-gone'"):
        gated(world)
    assert gated(world, tag=["single"]).aside == {ORACLE: {"counter-gone"}}


def test_the_run_of_a_revision_takes_the_place_of_baselines(tmp_path: Path) -> None:
    """The agent may differ, how it is scored and sampled may not."""
    base = read_run(a_run(tmp_path / "base", [a_trial(), a_trial(model="other/model")]))

    found = against(gated(a_world(tmp_path)), base)

    assert set(found.bases) == found.whole == {ORACLE}
    assert {Part.PROMPT, Part.REGISTRY} <= set(found.rules.varied)
    assert not {Part.SCORERS, Part.SAMPLING} & set(found.rules.varied)


def test_a_baseline_of_an_older_version_is_told_as_such(tmp_path: Path) -> None:
    """It is not damaged, it must be blessed anew."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "plangate-oracle.json").write_text('{"version": 1, "model": "plangate/oracle"}')

    with pytest.raises(ConfigurationError, match="has version 1, this program reads 2"):
        gated(a_world(tmp_path), baselines=kept)
