"""Give tests of rates a server, many who count on it, and windows that pass in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from redis.asyncio import Redis
from typing_extensions import override

from runtime.adapters.redis_rates.opening import open_rates
from runtime.adapters.redis_rates.scripts import BEGUN
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateStretch,
    RateUse,
    RateWindow,
)
from runtime.ports.shared_rates import Forgotten, SharedRates
from tests.servers.stoppable_redis import StoppableRedis

ORGANIZATION: Final = "org_1"
_NUMBERS: Final = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortWindow(RateWindow):
    """Bound a span that a test can wait for: 0.3 seconds instead of a minute."""

    @property
    @override
    def grain_s(self) -> float:
        return 0.005


def a_window(
    most: int,
    *,
    scope: BudgetScope = BudgetScope.ORGANIZATION,
    subject: str = ORGANIZATION,
    measure: LimitMeasure = LimitMeasure.PER_MINUTE,
) -> RateWindow:
    """Build the window of an organization's minute, unless told otherwise."""
    return RateWindow(scope=scope, subject=subject, measure=measure, most=most)


def a_claim(
    *stretches: int | str, windows: Sequence[RateWindow], outcome_id: str | None = None
) -> RateClaim:
    """Build a claim; a stretch is a number of steps, or `"u2"` for two urgent ones."""
    return RateClaim(
        outcome_id=outcome_id or f"out_{next(_NUMBERS)}",
        windows=tuple(windows),
        stretches=tuple(
            RateStretch(steps=int(str(item).lstrip("u")), urgent=str(item).startswith("u"))
            for item in stretches
        ),
    )


def settled(claim: RateClaim, done: int) -> RateCharge:
    """Build what is told of a claim once its outcome is committed."""
    return RateCharge(outcome_id=claim.outcome_id, windows=claim.windows, done=done)


@dataclass(kw_only=False)
class RatesWorld:
    """Hold a server and what was opened on it."""

    server: StoppableRedis
    opened: list[SharedRates] = field(default_factory=list)

    def open(self, *, longest_run_s: float = 0.0, answer_s: float = 1.0) -> SharedRates:
        """Open one who counts, as another process would; it is closed with the world.

        It grants at once on a server that was just started, unless told otherwise.
        """
        rates = open_rates([self.server.url], answer_s=answer_s, longest_run_s=longest_run_s)
        self.opened.append(rates)
        return rates

    async def aware(self, *, longest_run_s: float = 0.0) -> SharedRates:
        """Open one who counts on a server that began long ago, so that nothing is unknown to it."""
        rates = self.open(longest_run_s=longest_run_s)
        await rates.ready()
        said = await self.command("GET", BEGUN)
        assert isinstance(said, bytes)
        run = said.decode().split(" ")[0]
        await self.command("SET", BEGUN, f"{run} 1000")
        return rates

    async def command(self, *parts: str | int) -> object:
        """Run a command on the server."""
        async with Redis.from_url(self.server.url) as client:
            said: object = await client.execute_command(*parts)  # type: ignore[no-untyped-call]  # redis-py's
            return said

    async def close(self) -> None:
        """Close what was opened."""
        for rates in self.opened:
            await rates.close()


async def reserved(
    rates: SharedRates, *claims: RateClaim, organization: str = ORGANIZATION
) -> list[RateGrant]:
    """Return the grants of claims, on a server that knows what was done before."""
    grants = await rates.reserve(organization, claims)
    assert not isinstance(grants, Forgotten)
    return list(grants)


async def used(
    rates: SharedRates, *windows: RateWindow, organization: str = ORGANIZATION
) -> list[int]:
    """Return what counts in windows."""
    return [use.used for use in await uses(rates, *windows, organization=organization)]


async def uses(
    rates: SharedRates, *windows: RateWindow, organization: str = ORGANIZATION
) -> list[RateUse]:
    """Return the use of windows."""
    found = await rates.uses(organization, windows)
    assert not isinstance(found, Forgotten)
    return list(found)
