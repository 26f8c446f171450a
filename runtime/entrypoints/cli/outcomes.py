"""Tell people what came of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from runtime.entrypoints.cli.client import Document, plain
from runtime.entrypoints.cli.printing import table

STEPS: Final = {"STEP": "number", "ACTION": "action", "STATUS": "status", "COST": "cost"}
CONFIRMATION: Final = "confirmation_required"


def outcome_lines(outcome: Mapping[str, Any]) -> Iterator[str]:
    """Say how it ended, of each step as well, and what would make a refused one pass."""
    before, after = outcome["before"]["version"], outcome["after"]["version"]
    moved = f"version {before} to {after}" if before != after else f"version {before} stands"
    yield plain(f"{outcome['status']}: {moved}, cost {outcome['cost']}, {outcome['id']}")
    steps = [{**step, "number": step["index"] + 1} for step in outcome["steps"]]
    if steps:
        yield table(steps, STEPS)
    refused = [step for step in steps if step["refusal"] is not None]
    for step in refused:
        yield from _refusal_lines(step["refusal"], where=f"step {step['number']}")
    whole = outcome["refusal"]
    if whole is None:
        return
    if not refused:  # else it repeats what the step's says
        yield from _refusal_lines(whole, where="plan")
    if whole["code"] == CONFIRMATION:
        yield plain(f"to confirm this very plan: --confirm {outcome['plan_digest']}")
    waits_for = outcome.get("approval")
    if waits_for is not None:
        yield plain(f"it waits for others, who see it by: plangate approval show {waits_for}")
        yield plain(f"once they agree, to execute this very plan: --approval {waits_for}")


def _refusal_lines(refusal: Document, *, where: str) -> Iterator[str]:
    yield plain(f"{where}: {refusal['code']} ({refusal['guard']}): expected {refusal['expected']}")
    if refusal["found"] is not None:
        yield plain(f"  found: {orjson.dumps(refusal['found']).decode()}")
    yield plain(f"  remedy: {refusal['remedy']}")
