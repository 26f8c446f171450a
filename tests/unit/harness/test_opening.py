"""Prove that a manifest says what a run is, and that a resumed run is held to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.bootstrap import ConfigurationError
from harness.opening import RunRequest, open_folder
from harness.replay import Contender
from harness.results import Manifest, read_manifest
from harness.stats.sequential import design
from runtime.public import JsonValue, Sampling
from tests.unit.harness.test_calls import MODEL, Paid
from tests.unit.harness.test_evaluation import request
from tests.worlds import prepared, shipped

CONDITIONS = {"prices": "1 in, 2 out", "versions": "plangate 0.1.0"}


def opened(folder: Path, **changes: JsonValue) -> Manifest:
    """Open the folder of a run of one scenario and one model."""
    contender = Contender(
        reference=MODEL, label="x", model=Paid(), sampling=Sampling(), conditions=CONDITIONS
    )
    asked: RunRequest = replace(request(folder), **changes)
    return open_folder(asked, [prepared()], {MODEL: contender})


def test_a_manifest_holds_what_must_be_equal(tmp_path: Path) -> None:
    """Of the environment and of the model, under names that comparisons know."""
    manifest = opened(tmp_path)

    key = manifest.key(MODEL)
    assert {"counter.registry", "counter.prompt", "counter.scorers", "prices"} <= set(key)
    assert key["versions"] == "plangate 0.1.0"
    assert "prices" not in manifest.key("other/model")
    assert read_manifest(tmp_path / "run") == manifest


def test_a_rule_that_ends_trials_early_is_part_of_the_run(tmp_path: Path) -> None:
    """Another rule is another run."""
    plan = design(good=0.9, bad=0.5, alpha=0.05, beta=0.05, longest=5)
    manifest = opened(tmp_path, early=plan)

    assert manifest.early == {
        "good": 0.9, "bad": 0.5, "alpha": 0.05, "beta": 0.05, "longest": 5,
    }  # fmt: skip
    assert opened(tmp_path, early=plan) == manifest
    with pytest.raises(ConfigurationError, match="its early was"):
        opened(tmp_path)


def test_registries_of_restricted_scenarios_make_one_digest(tmp_path: Path) -> None:
    """Scenarios that offer only some actions have a registry of their own each."""
    restricted = [item for item in shipped() if item.scenario.environment == "helpdesk"]
    manifest = open_folder(request(tmp_path), restricted, {})
    single = open_folder(request(tmp_path / "one"), restricted[:1], {})

    digests = {item.sandbox.comparability["registry"] for item in restricted}
    assert (manifest.key("m")["helpdesk.registry"] == single.key("m")["helpdesk.registry"]) is (
        len(digests) == 1
    )
