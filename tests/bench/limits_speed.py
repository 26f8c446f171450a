"""Measure what limits add to an execution, all of them together: `make bench-runtime`.

One platform, two organizations with as many projects: in one nothing is limited, in the other each
project has rates, quotas, budgets and a window, and all together have five nested budgets (of the
organization, each project, each principal, each action; in units and in actions) and rates that
they share. They are asked in turn, so that both see the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.store import schema
from tests.bench.http_load import LoadPlan
from tests.bench.runtime_speed import CLIENTS, OPERATOR, execute_path, increment, loaded, platform

PROJECTS: Final = 16
AMPLE: Final = 10**12
OF_PROJECT: Final[Mapping[str, Any]] = {
    "per_minute": AMPLE,
    "per_hour": AMPLE,
    "budgets": {"project": AMPLE, "principal": AMPLE, "action": AMPLE},
    "quotas": {"project": AMPLE, "principal": AMPLE, "action": AMPLE},
    "windows": [{"start": "00:00", "end": "12:00"}, {"start": "12:00", "end": "00:00"}],
}
BUDGETS: Final = [
    {"scope": scope, "measure": measure, "per": per, "most": AMPLE}
    for scope, measure, per in (
        ("organization", "units", "month"),
        ("organization", "units", "day"),
        ("project", "units", "day"),
        ("principal", "units", "day"),
        ("action", "actions", "day"),
    )
]
RATES: Final = [
    {"scope": "organization", "per": "minute", "most": 10**9},
    {"scope": "principal", "per": "hour", "most": 10**9},
]
KINDS: Final[Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any] | None]]] = {
    "no limits": ({}, None),
    "limits of projects": (OF_PROJECT, None),
    "and five budgets": (OF_PROJECT, {"budgets": BUDGETS}),
    "and shared rates": (OF_PROJECT, {"budgets": BUDGETS, "rates": RATES}),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        EmbeddedRedis.started(Path(folder) / "redis") as redis,
    ):
        asyncio.run(schema.upgrade(postgres.url(role="owner")))
        with platform(postgres.url(role="app"), redis.url()) as url:
            _compare(url, rounds=asked.rounds, seconds=asked.seconds)


def _compare(url: str, *, rounds: int, seconds: float) -> None:
    founded = {name: _founded(url, *kind) for name, kind in KINDS.items()}
    rates: dict[str, list[float]] = {name: [] for name in KINDS}
    lone: dict[str, list[float]] = {name: [] for name in KINDS}
    for number in range(rounds + 1):
        for name, (token, paths) in founded.items():
            plan = LoadPlan(
                url=url,
                paths=paths,
                bodies=[increment(1), increment(-1)],
                token=token,
                clients=CLIENTS,
                seconds=seconds,
            )
            busy = loaded(plan)
            alone = loaded(_of_one(plan))
            if number:
                rates[name].append(busy["per_s"])
                lone[name].append(alone["p50_ms"])
    first = next(iter(KINDS))
    for name in KINDS:
        added = median(base / rate for base, rate in zip(rates[first], rates[name], strict=True))
        later = median(took / base for base, took in zip(lone[first], lone[name], strict=True))
        print(
            f"{name:20} {median(rates[name]):6.0f}/s ({added - 1:+.0%} time an execution)   "
            f"one client p50 {median(lone[name]):5.2f} ms ({later - 1:+.0%})"
        )
    print("goal: all limits together add at most 15 % to an execution")


def _of_one(plan: LoadPlan) -> LoadPlan:
    return LoadPlan(
        url=plan.url,
        paths=plan.paths[:1],
        bodies=plan.bodies,
        token=plan.token,
        clients=1,
        seconds=plan.seconds / 2,
    )


def _founded(
    url: str, limits: Mapping[str, Any], shared: Mapping[str, Any] | None
) -> tuple[str, list[str]]:
    """Make an organization with projects, each counter in the middle of its range."""
    owner = {"display_name": "Bench", "email": "bench@example.com"}
    founded = _asked(f"{url}/v1/organizations", {"name": "Bench", "owner": owner}, OPERATOR)
    token, organization = founded["token"]["text"], founded["organization"]["id"]
    if shared is not None:
        limits_url = f"{url}/v1/organizations/{organization}/limits"
        _asked(limits_url, dict(shared), token, method="PUT")
    paths = []
    for number in range(PROJECTS):
        wanted = {"name": f"bench {number}", "environment": "counter", "limits": dict(limits)}
        paths.append(execute_path(_asked(f"{url}/v1/projects", wanted, token)["id"]))
        start = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 5000}}]}}
        assert _patiently(url + paths[-1], start, token)["status"] == "done"
    return token, paths


def _patiently(url: str, document: Mapping[str, Any], token: str) -> dict[str, Any]:
    """Ask until rates can be told: with a new Redis they can't for the time of a lease or two."""
    for _ in range(60):
        try:
            return _asked(url, document, token)
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        time.sleep(1)
    raise TimeoutError("rates could not be told for a minute")


def _asked(
    url: str, document: Mapping[str, Any], token: str, *, method: str = "POST"
) -> dict[str, Any]:
    request = Request(  # noqa: S310  # our own server on loopback
        url,
        data=json.dumps(document).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310  # as above
        found: dict[str, Any] = json.load(answer)
        return found


if __name__ == "__main__":
    main()
