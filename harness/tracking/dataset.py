"""Describe the scenarios of a run as the dataset that it was an evaluation of."""

from __future__ import annotations

import orjson
from mlflow.entities import Dataset, DatasetInput, InputTag

from harness.results import Manifest
from harness.tracking.tags import DIGEST_TAG

CONTEXT_TAG = "mlflow.data.context"
CONTEXT = "evaluation"
NAME_CHARS = 500
DIGEST_CHARS = 36
SOURCE_BYTES = 65_000
"""What MLflow takes; the digest in full stands in a tag."""


def dataset_input(manifest: Manifest) -> DatasetInput:
    """Return the input that says which scenarios a run replayed."""
    dataset = Dataset(
        name=" ".join(manifest.paths)[:NAME_CHARS] or "scenarios",
        digest=manifest.suite_digest[:DIGEST_CHARS],
        source_type="local",
        source=_source(manifest),
        schema=_schema(manifest),
        profile=_profile(manifest),
    )
    tags = [InputTag(CONTEXT_TAG, CONTEXT), InputTag(DIGEST_TAG, manifest.suite_digest)]
    return DatasetInput(dataset=dataset, tags=tags)


def _source(manifest: Manifest) -> str:
    """List the files; where MLflow can't take them all, only what was asked for."""
    files = sorted({item.file for item in manifest.scenarios})
    listed = orjson.dumps({"files": files})
    if len(listed) > SOURCE_BYTES:
        listed = orjson.dumps({"paths": list(manifest.paths), "files": len(files)})
    return listed.decode()


def _schema(manifest: Manifest) -> str:
    """Say what a scenario has, and which environments and suites there are."""
    return orjson.dumps(
        {
            "format": "scenarios/schema.json",
            "columns": ["given", "when", "expect"],
            "environments": sorted({item.environment for item in manifest.scenarios}),
            "suites": sorted({item.suite for item in manifest.scenarios}),
        }
    ).decode()


def _profile(manifest: Manifest) -> str:
    families = {item.family for item in manifest.scenarios}
    return orjson.dumps({"scenarios": len(manifest.scenarios), "families": len(families)}).decode()
