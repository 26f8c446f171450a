"""Spell the documents of operations on gates, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

GateVerdict: TypeAlias = Literal[
    "pass", "regression", "governance", "inconclusive", "infrastructure"
]
"""Name how a check, or all of them, ended."""


class FullGateOut(TypedDict):
    """Describe a verdict, with the report that it stands in."""

    created_at: str
    created_by: str
    digest: str
    environment: str
    id: str
    judged_at: str
    model: str
    passed: bool
    prompt: str
    registry: str
    report: GateReport
    run: str
    verdict: GateVerdict


class GateCheck(TypedDict):
    """Repeat one check of one model; `model` is `*` for one of the whole run."""

    detail: str
    model: str
    name: str
    verdict: GateVerdict


class GateIn(TypedDict):
    """Bring a report, and name the model and the environment in it that are meant."""

    environment: str
    model: str
    report: GateReport


class GateOut(TypedDict):
    """Describe a verdict about one model in one environment."""

    created_at: str
    created_by: str
    digest: str
    environment: str
    id: str
    judged_at: str
    model: str
    passed: bool
    prompt: str
    registry: str
    run: str
    verdict: GateVerdict


class GateReport(TypedDict):
    """Repeat what `gate.json` of a run holds; the digest is over everything else in it."""

    checks: list[GateCheck]
    digest: str
    exit_code: int
    gate_version: Literal[1]
    subject: GateSubject
    verdict: GateVerdict


class GateSubject(TypedDict):
    """Say what was evaluated."""

    code: str
    environments: dict[str, Any]
    judged_at: str
    models: list[str]
    replays: bool
    run: str
    scenarios: int
    suite: str
    trials: int


class GateSurroundings(TypedDict):
    """Repeat by which digests an environment was evaluated."""

    plugin: str
    policy: str
    prompt: str
    registry: str
    scorers: str
