"""Open the counting of rates from addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runtime.adapters.redis_rates.rates import RedisRates
from runtime.adapters.redis_rates.server import Server
from runtime.ports.shared_rates import LENT_S, SharedRates

LONGEST_RUN_S: Final = 15.0 + LENT_S
"""From a reservation to its commit at most: what is lent is handed out for a moment, a group is
tried anew for ten seconds, and its last try has an answer of the database to wait for."""


def open_rates(
    urls: Sequence[str], *, answer_s: float = 1.0, longest_run_s: float = LONGEST_RUN_S
) -> SharedRates:
    """Return who counts rates; connections open on first use.

    Args:
        urls: one Redis (redis, rediss or unix) or several; each organization is counted by one of
            them, the same for every process that is given the same addresses.
        answer_s: how long a Redis may take to answer.
        longest_run_s: how long after its reservation an execution may be committed.

    Raises:
        ValueError: there is no URL, or an address is given twice.
    """
    if not urls:
        raise ValueError("there is no Redis address, expected one or more")
    if len(set(urls)) < len(urls):
        raise ValueError("a Redis address is given twice, expected independent servers")
    servers = tuple(Server(url, answer_s=answer_s) for url in urls)
    return RedisRates(servers, longest_run_s=longest_run_s)
