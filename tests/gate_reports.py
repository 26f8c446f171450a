"""Build reports of gates as the harness writes them, and spoil them in one place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from runtime.kit.canonical_json import digest
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject

MODEL: Final = "plangate/oracle"
OTHER_MODEL: Final = "plangate/keyword"
ENVIRONMENT: Final = "counter"
PROMPT: Final = "1:sha256:" + "a" * 64
REGISTRY: Final = "sha256:" + "b" * 64
EXIT_CODES: Final = {
    "pass": 0,
    "regression": 1,
    "governance": 2,
    "inconclusive": 3,
    "infrastructure": 4,
}


def a_check(
    model: str = MODEL, name: str = "pass rate", verdict: str = "pass", detail: str = "30 of 30"
) -> JsonObject:
    """Build a check."""
    return {"model": model, "name": name, "verdict": verdict, "detail": detail}


def checks_of(model: str = MODEL, verdict: str = "pass") -> list[JsonObject]:
    """Build the checks of a model, the last one with a verdict."""
    return [
        a_check(model, "infrastructure"),
        a_check(model, "governance"),
        a_check(model, verdict=verdict),
    ]


def a_report(
    verdict: str = "pass",
    *,
    checks: Sequence[JsonObject] | None = None,
    models: Sequence[str] = (MODEL,),
    judged_at: datetime | None = None,
    registry: str = REGISTRY,
    prompt: str = PROMPT,
    run: str = "run_1",
) -> JsonObject:
    """Build a report whose digest is right."""
    instant = judged_at or SystemClock().now() - timedelta(minutes=1)
    document: JsonObject = {
        "gate_version": 1,
        "verdict": verdict,
        "exit_code": EXIT_CODES[verdict],
        "checks": list(checks_of(verdict=verdict) if checks is None else checks),
        "subject": {
            "run": run,
            "code": "0.1.0+1",
            "judged_at": instant.isoformat(),
            "suite": "sha256:" + "c" * 64,
            "models": list(models),
            "scenarios": 30,
            "trials": 1,
            "replays": False,
            "environments": {
                ENVIRONMENT: {
                    "registry": registry,
                    "prompt": prompt,
                    "plugin": "counter@0.1.0",
                    "policy": "table",
                    "scorers": "1",
                }
            },
        },
    }
    return signed(document)


def signed(document: JsonObject) -> JsonObject:
    """Return a report with the digest of its content."""
    content = {name: value for name, value in document.items() if name != "digest"}
    return {**content, "digest": digest(content)}
