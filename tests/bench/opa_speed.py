"""Measure what a decision by OPA costs over a bare round trip to the same server.

Shipped rules and a customer's. In turn, on kept connections: a bare aiohttp GET of `/health`, a
bare POST of the very question without a look at the answer, `decide` of one step, and of ten. The
bar: the p50 of one decision is at most 1 ms above that of the bare round trip.
Run it with `python -m tests.bench.opa_speed`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import quantiles
from typing import Final

import aiohttp

from runtime.adapters.opa.bundle import batch_path, bundle_bytes
from runtime.adapters.opa.evaluator import OpaEvaluator
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.clock import SystemClock
from runtime.ports.policy import PolicyFaultError
from tests.contract.policy_inputs import ORGANIZATION, policy_inputs, sample_units
from tests.servers.opa_server import opa_binary, opa_server
from tests.servers.opa_signing import a_signer, verification_of

CUSTOMER: Final = "project"
BAR_MS: Final = 1.0
WARM_UP: Final = 200
STEPS: Final = 10
HEAD: Final = f"{'':<34}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"

Call = Callable[[], Awaitable[object]]


async def measured(calls: dict[str, Call], *, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each call, taken in turn so that all see the same machine."""
    spans: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            await call()
            if turn >= WARM_UP:
                spans[name].append((time.perf_counter() - start) * 1_000)
    return spans


def percentiles(spans: list[float]) -> tuple[float, float, float]:
    """Return the 50th, 95th and 99th."""
    cuts = quantiles(spans, n=100)
    return cuts[49], cuts[94], cuts[98]


async def figures(url: str, *, rounds: int) -> dict[str, list[float]]:
    """Measure against a server that is there."""
    unit = sample_units()[CUSTOMER]
    inputs = policy_inputs(7, STEPS)
    evaluator = OpaEvaluator(url, clock=SystemClock())
    question = canonical_bytes({"input": {"steps": inputs[:1]}})
    asked = "/".join([url, "v1", "data", *batch_path(ORGANIZATION, CUSTOMER)])
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def bare_get() -> bytes:
            async with session.get(f"{url}/health") as response:
                return await response.read()

        async def bare_post() -> bytes:
            async with session.post(asked, data=question) as response:
                return await response.read()

        try:
            if any(
                isinstance(one, PolicyFaultError) for one in await evaluator.decide(unit, inputs)
            ):
                raise SystemExit("a question of the benchmark is not answered")
            return await measured(
                {
                    "bare GET /health": bare_get,
                    "bare POST of the question": bare_post,
                    "decide, 1 step": lambda: evaluator.decide(unit, inputs[:1]),
                    f"decide, {STEPS} steps": lambda: evaluator.decide(unit, inputs),
                },
                rounds=rounds,
            )
        finally:
            await evaluator.close()


def main() -> int:
    """Measure, print, and say by the exit code whether the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000)
    rounds = parser.parse_args().rounds
    if opa_binary() is None:
        print("no OPA here: `make tools` installs one")
        return 0
    signer = a_signer()
    content = bundle_bytes(
        list(sample_units().values()),
        organization_id=ORGANIZATION,
        built_at=SystemClock().now(),
        signer=signer,
    )
    with opa_server(files=[content], verification=verification_of(signer)) as opa:
        spans = asyncio.run(figures(opa.url, rounds=rounds))
    print(HEAD)
    for name, taken in spans.items():
        print(f"{name:<34}" + "".join(f"{value:>9.3f}" for value in percentiles(taken)))
    get, post, one, many = (percentiles(taken)[0] for taken in spans.values())
    print(f"one decision over a bare round trip: {one - get:+.3f} ms (bar {BAR_MS} ms)")
    print(f"one decision over its own bare POST: {one - post:+.3f} ms")
    print(
        f"{STEPS} steps in one question instead of {STEPS}: {many / (STEPS * one):.0%} of the time"
    )
    return 0 if one - get <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
