"""Open leases from addresses: one Redis orders, several vote."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from runtime.adapters.redis_leases.grantor import Grantor
from runtime.adapters.redis_leases.leases import MOST_LOCAL_WAITERS, RedisLeases, boot_id
from runtime.adapters.redis_leases.node import Node
from runtime.adapters.redis_leases.quorum import Quorum
from runtime.adapters.redis_leases.timing import Timing
from runtime.kit.clock import Clock
from runtime.ports.leases import Leases, Observe


def open_leases(
    urls: Sequence[str],
    *,
    instance: str,
    clock: Clock,
    ttl_s: float = 6.0,
    answer_s: float = 1.0,
    max_local_waiters: int = MOST_LOCAL_WAITERS,
    random: Random | None = None,
    observe: Observe | None = None,
) -> Leases:
    """Return leases; connections open on first use.

    Args:
        urls: one Redis (redis, rediss or unix), or several independent ones (three, five), of
            which a majority decides.
        instance: what this process is called in messages; random letters make it unique.
        clock: the local time.
        ttl_s: how long a tenure lasts that nobody renews: the longest wait for a dead holder.
        answer_s: how long a Redis may take to connect, and again to answer; each one of a quorum
            has half of it, because two rounds may be needed.
        max_local_waiters: how many tasks of this process may wait for one key.
        random: spreads waits; seeded in tests.
        observe: what is told of every lease, for metrics.

    Raises:
        ValueError: If there is no URL, an address is given twice, or a span is out of its range.
    """
    name = boot_id(instance)
    timing = Timing(ttl_s=ttl_s, answer_s=answer_s if len(urls) == 1 else answer_s / 2)
    return RedisLeases(
        _grantor(urls, instance=name, timing=timing, random=random or Random()),
        instance=name,
        timing=timing,
        clock=clock,
        most_local_waiters=max_local_waiters,
        observe=observe,
    )


def _grantor(urls: Sequence[str], *, instance: str, timing: Timing, random: Random) -> Grantor:
    if not urls:
        raise ValueError("there is no Redis address, expected one, or three or more of a quorum")
    if len(set(urls)) < len(urls):
        raise ValueError("a Redis address is given twice, expected independent servers")
    nodes = tuple(
        Node(url, instance=instance, timing=timing, random=random, ordered=len(urls) == 1)
        for url in urls
    )
    return nodes[0] if len(nodes) == 1 else Quorum(nodes, random=random)
