"""Measure what an execution costs, as ratios in one run: `make bench-runtime`.

Servers are the embedded ones with fsync on; the API is `uvicorn runtime.app:app`, one process; the
client is another one. Compared are a no-op FastAPI route that reads a body of the same shape, and
the bare transaction with the same writes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.request import Request, urlopen

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.domain.principal import Principal
from runtime.store import schema
from tests.bench.bare_transaction import bare_p50_ms
from tests.bench.http_load import LoadPlan

ROOT: Final = Path(__file__).parents[2]
OPERATOR: Final = "bench-operator-token-of-no-value-at-all"
PROJECTS: Final = 64
CLIENTS: Final = 32
AMPLE: Final = {"per_minute": 10**9, "per_hour": 10**9, "budgets": {"project": 10**12}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Hold a running platform with projects in it."""

    url: str
    token: str
    projects: list[str]
    spare: str
    organization_id: str
    member_id: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        EmbeddedRedis.started(Path(folder) / "redis") as redis,
    ):
        asyncio.run(schema.upgrade(postgres.url(role="owner")))
        with platform(postgres.url(role="app"), redis.url()) as url, _noop() as noop:
            served = furnished(url)
            _compare(served, noop, postgres.url(role="app"), asked.rounds, asked.seconds)


def _compare(served: Served, noop: str, database: str, rounds: int, seconds: float) -> None:
    spread = [execute_path(project) for project in served.projects]
    figures: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds + 1):
        for name, url, paths, clients in (
            ("no-op, 32 clients", noop, ["/noop"], CLIENTS),
            ("64 projects, 32 clients", served.url, spread, CLIENTS),
            ("one hot project, 32 clients", served.url, spread[:1], CLIENTS),
            ("one client", served.url, spread[:1], 1),
        ):
            found = loaded(
                LoadPlan(
                    url=url,
                    paths=paths,
                    bodies=[increment(1), increment(-1)],
                    token=served.token,
                    clients=clients,
                    seconds=seconds if number else 1.5,
                )
            )
            if number:
                figures.setdefault(name, []).append(found)
    principal = Principal(
        id=served.member_id, organization=served.organization_id, roles=("owner",)
    )
    bare = [
        asyncio.run(bare_p50_ms(database, principal=principal, project_id=served.spare))
        for _ in range(rounds)
    ]
    for name, rounds_found in figures.items():
        rate, p50, p99 = (
            median(item[key] for item in rounds_found) for key in ("per_s", "p50_ms", "p99_ms")
        )
        refused = sum(item["refused"] for item in rounds_found)
        print(
            f"{name:30} {rate:7.0f}/s  p50 {p50:6.2f} ms  p99 {p99:7.2f} ms  not 200: {refused:.0f}"
        )
    print(f"{'bare transaction, one client':30} p50 {median(bare):6.2f} ms")
    plain = [item["per_s"] for item in figures["no-op, 32 clients"]]

    def ratio(name: str) -> float:
        return median(item["per_s"] / base for item, base in zip(figures[name], plain, strict=True))

    print(f"64 projects / no-op:  {ratio('64 projects, 32 clients'):.2f} (goal 0.30)")
    print(f"hot project / no-op:  {ratio('one hot project, 32 clients'):.2f} (goal 0.50)")
    one = median(item["p50_ms"] for item in figures["one client"])
    print(f"one client p50 / bare transaction p50:  {one / median(bare):.2f} (goal at most 3)")


def execute_path(project: str) -> str:
    """Return where a project's plans are executed."""
    return f"/v1/projects/{project}/plans:execute"


def increment(by: int) -> str:
    """Spell a plan of one step."""
    return json.dumps({"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": by}}]}})


def loaded(plan: LoadPlan) -> dict[str, float]:
    """Ask as a plan says, from a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.http_load"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=plan.seconds + 30,
    )
    found: dict[str, float] = json.loads(ran.stdout)
    return found


@contextmanager
def platform(database_url: str, redis_url: str) -> Iterator[str]:
    """Serve the platform, one process of it."""
    told = {
        "PLANGATE_DATABASE_URL": database_url,
        "PLANGATE_REDIS_URL": redis_url,
        "PLANGATE_TOKEN_KEYS": "bench-key-of-no-value-at-all-0123456789",
        "PLANGATE_OPERATOR_TOKEN": OPERATOR,
        "PLANGATE_REQUEST_RATE": "off",
    }
    with _served("runtime.app:app", told) as url:
        yield url


@contextmanager
def _noop() -> Iterator[str]:
    with _served("tests.bench.noop_app:app", {}) as url:
        yield url


@contextmanager
def _served(app: str, told: dict[str, str]) -> Iterator[str]:
    options = ("--host", "127.0.0.1", "--port", "0", "--no-access-log")
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", app, *options],
        cwd=ROOT,
        env={**os.environ, **told},
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            yield _address(child)
        finally:
            child.send_signal(signal.SIGTERM)


def _address(child: subprocess.Popen[str]) -> str:
    said = []
    for line in child.stderr or ():
        said.append(line)
        _, found, rest = line.partition("running on ")
        if found:
            return rest.split()[0]
    raise RuntimeError("the server did not start:\n" + "".join(said))


def furnished(url: str) -> Served:
    """Make an organization with projects, each counter in the middle of its range."""
    founded = _asked(
        f"{url}/v1/organizations",
        {"name": "Bench", "owner": {"display_name": "Bench", "email": "bench@example.com"}},
        OPERATOR,
    )
    token = founded["token"]["text"]
    projects = [
        _asked(
            f"{url}/v1/projects",
            {"name": f"bench {number}", "environment": "counter", "limits": AMPLE},
            token,
        )["id"]
        for number in range(PROJECTS + 1)
    ]
    start = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 5000}}]}}
    for project in projects:
        _asked(url + execute_path(project), start, token)
    return Served(
        url=url,
        token=token,
        projects=projects[1:],
        spare=projects[0],
        organization_id=founded["organization"]["id"],
        member_id=founded["owner"]["id"],
    )


def _asked(url: str, document: dict[str, Any], token: str) -> dict[str, Any]:
    request = Request(  # noqa: S310  # our own server on loopback
        url,
        data=json.dumps(document).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urlopen(request, timeout=10) as answer:  # noqa: S310  # as above
        found: dict[str, Any] = json.load(answer)
        return found


if __name__ == "__main__":
    began_s = time.perf_counter()
    main()
    print(f"took {time.perf_counter() - began_s:.0f} s")
