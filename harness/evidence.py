"""Write a gate's report so that others can rely on it: what was judged, when, and a digest of it.

A platform that demands a passed gate reads this file and nothing else of a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from harness.gate import GateReport
from harness.results import Manifest
from runtime.public import JsonObject, digest

GATE_VERSION = 1


def gate_document(
    report: GateReport, manifest: Manifest, *, models: Iterable[str], judged_at: datetime
) -> JsonObject:
    """Return what `gate.json` holds; `digest` is over everything else in it.

    Args:
        report: the checks and their verdict.
        manifest: of the run.
        models: references of the models that were judged.
        judged_at: when, with its time zone.
    """
    document: JsonObject = {
        **report.document(),
        "gate_version": GATE_VERSION,
        "subject": {
            "run": manifest.run,
            "code": manifest.code,
            "judged_at": judged_at.isoformat(),
            "suite": manifest.suite_digest,
            "models": sorted(models),
            "scenarios": len(manifest.scenarios),
            "trials": manifest.trials,
            "replays": manifest.replays,
            "environments": {name: dict(parts) for name, parts in manifest.comparability.items()},
        },
    }
    return {**document, "digest": digest(document)}
