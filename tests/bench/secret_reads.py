"""Measure reading a secret that is remembered, and what an asking adds to its provider's time.

A hit is `SecretReader.peek`, as every effect and model does it, with the metrics that the platform
keeps of it; the bar is 5 us. An asking is a whole `read` past an empty cache, without a database.
Run it with `python -m tests.bench.secret_reads`.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Final

from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.services.secrets.budget import CallBudget
from runtime.services.secrets.prefixes import read_prefix
from tests.secret_keeping import ToldProvider, a_reader, a_wish

HITS: Final = 50_000
ASKINGS: Final = 3_000
ROUNDS: Final = 7
SECRETS: Final = 1_000
BAR_US: Final = 5.0


async def main() -> None:
    """Print the figures."""
    names = [f"kv/shop/s{number}" for number in range(SECRETS)]
    provider = ToldProvider(values=dict.fromkeys(names, ("hunter2", "1")))
    reader = a_reader(
        provider,
        clock=SystemClock(),
        budget=lambda now_s: CallBudget(at_once=10_000_000, now_s=now_s),
    )
    wishes = [a_wish(read_reference(f"vault://{name}#token")) for name in names]
    for wish in wishes:
        await reader.read(wish)
    hits_us = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for number in range(HITS):
            reader.peek(wishes[number % SECRETS])
        hits_us.append((time.perf_counter() - began_s) / HITS * 1e6)
    everything = read_prefix("vault://kv/")
    asked_us = []
    for _ in range(ASKINGS // SECRETS):
        reader.invalidate(everything)
        began_s = time.perf_counter()
        for wish in wishes:
            await reader.read(wish)
        asked_us.append((time.perf_counter() - began_s) / SECRETS * 1e6)
    await reader.close()
    hit_us = median(hits_us)
    print(f"a hit: {hit_us:.2f} us (bar: {BAR_US:g} us), of {SECRETS} secrets")
    print(f"an asking, without its provider: {median(asked_us):.0f} us")
    raise SystemExit(0 if hit_us <= BAR_US else 1)


if __name__ == "__main__":
    asyncio.run(main())
