"""Build egress clients for tests, whose names are looked up in a table."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address

from runtime.adapters.egress.client import USUAL_BOUNDS, EgressBounds, EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import SystemResolver
from runtime.adapters.egress.rules import read_rules
from runtime.adapters.oidc.fetch import MAX_BODY_BYTES
from runtime.kit.clock import FixedClock
from runtime.kit.public_address import Address
from runtime.ports.effect_failure import RetryableError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class TableResolver:
    """Answer each question about a name with the next of its answers; the last one stays."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        """Take answers by name, with `__` in the place of dots."""
        self._answers = {
            name.replace("__", "."): [tuple(map(ip_address, answer)) for answer in given]
            for name, given in answers.items()
        }
        self.asked: list[str] = []
        self.closed = False

    async def addresses(self, host: str) -> Sequence[Address]:
        """Return the next answer."""
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise RetryableError("the name of the host can't be looked up")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def close(self) -> None:
        """Note that nobody asks any more."""
        self.closed = True


def issuers_way(*urls: str) -> EgressClient:
    """Return the way to issuers of this machine, for whoever closes it with their own client."""
    rules = read_rules("", named=urls)
    bounds = EgressBounds(answer_bytes=MAX_BODY_BYTES)
    return EgressClient(Gate(rules, SystemResolver()), clock=FixedClock(NOW), bounds=bounds)


@asynccontextmanager
async def an_egress(
    allow: str = "",
    *,
    resolver: TableResolver | None = None,
    bounds: EgressBounds = USUAL_BOUNDS,
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[EgressClient]:
    """Open a client that an operator configured, and close it."""
    gate = Gate(read_rules(allow), resolver or TableResolver())
    client = EgressClient(gate, clock=FixedClock(NOW), bounds=bounds, trust=trust)
    try:
        yield client
    finally:
        await client.close()
