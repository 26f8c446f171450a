"""What MLflow can't take whole is told in short."""

from __future__ import annotations

from pathlib import Path

import orjson

from harness.record import read_run
from harness.tracking.dataset import dataset_input
from tests.unit.harness.reporting.builders import a_run, a_trial


def test_too_many_files_are_counted(tmp_path: Path) -> None:
    """The paths that were asked for still say where to look."""
    manifest = read_run(a_run(tmp_path / "run", [a_trial()])).manifest
    (one,) = manifest.scenarios
    many = tuple(one.model_copy(update={"file": f"s/{'x' * 100}{n}.yaml"}) for n in range(700))

    source = dataset_input(manifest.model_copy(update={"scenarios": many})).dataset.source

    assert orjson.loads(source) == {"paths": ["scenarios"], "files": 700}


def test_a_long_digest_is_shortened_and_kept_in_a_tag(tmp_path: Path) -> None:
    """MLflow takes 36 characters."""
    long = "sha256:" + "a1" * 32
    manifest = read_run(a_run(tmp_path / "run", [a_trial()], suite_digest=long)).manifest

    given = dataset_input(manifest)

    assert given.dataset.digest == long[:36]
    assert long in {tag.value for tag in given.tags}
