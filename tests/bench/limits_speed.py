"""Measure what limits add to an execution, all of them together: `make bench-runtime`.

One platform, two organizations with as many projects: in one nothing is limited, in the other each
project has rates, quotas, budgets and a window, and all together have five nested budgets (of the
organization, each project, each principal, each action; in units and in actions) and rates that
they share. They are asked in turn, so that all see the same machine. Beside the time it says what
an execution costs of the CPU of the service, of Postgres and of Redis, which others disturb less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.store import schema
from tests.bench.cpu_time import spent_s
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


@dataclass(slots=True)
class _Figures:
    """Gather what rounds of one kind showed; costs are microseconds of CPU an execution."""

    rates: list[float] = field(default_factory=list)
    alone_ms: list[float] = field(default_factory=list)
    costs: list[Mapping[str, float]] = field(default_factory=list)
    alone_costs: list[Mapping[str, float]] = field(default_factory=list)


def _compare(url: str, *, rounds: int, seconds: float) -> None:
    founded = {name: _founded(url, *kind) for name, kind in KINDS.items()}
    figures = {name: _Figures() for name in KINDS}
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
            busy, costs = _measured(plan)
            alone, alone_costs = _measured(_of_one(plan))
            if number:
                found = figures[name]
                found.rates.append(busy["per_s"])
                found.alone_ms.append(alone["p50_ms"])
                found.costs.append(costs)
                found.alone_costs.append(alone_costs)
    base = figures[next(iter(KINDS))]
    for name, found in figures.items():
        _print(name, found, base)
    print("goal: all limits together add at most 15 % to an execution")


def _measured(plan: LoadPlan) -> tuple[dict[str, float], dict[str, float]]:
    """Return the figures of a load, and what an execution of it cost in each part."""
    before = spent_s()
    found = loaded(plan)
    after = spent_s()
    costs = {part: 1e6 * (after[part] - before[part]) / found["requests"] for part in after}
    return found, {**costs, "all": sum(costs.values())}


def _print(name: str, found: _Figures, base: _Figures) -> None:
    added = median(of / rate for of, rate in zip(base.rates, found.rates, strict=True))
    later = median(took / of for of, took in zip(base.alone_ms, found.alone_ms, strict=True))
    print(
        f"{name:20} {median(found.rates):6.0f}/s ({added - 1:+.0%} time an execution)   "
        f"one client p50 {median(found.alone_ms):5.2f} ms ({later - 1:+.0%})"
    )
    for clients, costs, of in (
        (f"{CLIENTS} clients", found.costs, base.costs),
        ("one client", found.alone_costs, base.alone_costs),
    ):
        told = "  ".join(_told(part, costs, of) for part in costs[0])
        print(f"    CPU, {clients}, µs an execution: {told}")


def _told(
    part: str, costs: Sequence[Mapping[str, float]], of: Sequence[Mapping[str, float]]
) -> str:
    """Tell the cost of a part in the round that others disturbed least, and what that is more."""
    least, plain = min(item[part] for item in costs), min(item[part] for item in of)
    return f"{part} {least:5.0f}" + (f" ({least / plain - 1:+4.0%})" if plain > 1 else "")


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
