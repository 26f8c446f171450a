"""Take one model of a run as one side of a comparison."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from harness.results import Manifest
from harness.summary import ModelSummary
from harness.tally import ScenarioTally, Side


def side_of(summary: ModelSummary, manifest: Manifest) -> Side:
    """Return a model of a run as one side of a comparison."""
    described = {item.id: item for item in manifest.scenarios}
    return Side(
        model=summary.model,
        run=manifest.run,
        key=manifest.key(summary.model),
        scenarios={
            name: ScenarioTally(
                environment=described[name].environment,
                suite=described[name].suite,
                family=described[name].family,
                digest=described[name].digest,
                passed=passed,
                trials=scored,
            )
            for name, (passed, scored) in summary.tallies.items()
            if scored and name in described
        },
        asked=frozenset(described),
    )


def only(side: Side, scenarios: Container[str]) -> Side:
    """Keep some scenarios of a side."""
    return without(side, {name for name in side.asked if name not in scenarios})


def without(side: Side, scenarios: Container[str]) -> Side:
    """Leave scenarios out of a side, as if nobody had asked them."""
    return replace(
        side,
        scenarios={name: item for name, item in side.scenarios.items() if name not in scenarios},
        asked=frozenset(name for name in side.asked if name not in scenarios),
    )
