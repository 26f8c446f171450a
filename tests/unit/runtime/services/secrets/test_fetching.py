"""Tests of providers that don't keep to what they promise."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass

import pytest
from typing_extensions import override

from runtime.domain.errors import SecretThrottledError, SecretUnavailableError
from runtime.domain.secret_reference import SecretRef
from runtime.kit.clock import FixedClock
from runtime.ports.secret_provider import Lease, SecretProvider
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.measures import FetchResult, Reading
from tests.secret_keeping import CRM, NOW, KeptMeasures, KeptRecords, OneProvider, ToldProvider

READING = Reading(organization=None, reference=CRM.text(), why="a test")
LEASE = Lease(id="lease-1", lasts_s=60, renewable=True)


@dataclass(slots=True)
class Broken(OneProvider):
    """Know a provider that raises what it should not."""

    error: Exception

    @override
    def of(self, reference: SecretRef) -> SecretProvider:
        """Raise it."""
        raise self.error


def a_fetching(providers: OneProvider, measures: KeptMeasures, *, within_s: float) -> Fetching:
    """Build who asks."""
    return Fetching(
        providers,
        records=KeptRecords(),
        measures=measures,
        clock=FixedClock(NOW),
        within_s=within_s,
    )


async def test_a_provider_that_does_not_answer_is_given_up() -> None:
    """Whoever waits for a secret does not wait for ever."""
    measures, provider = KeptMeasures(), ToldProvider(hold=asyncio.Event())
    fetching = a_fetching(OneProvider(provider), measures, within_s=0.01)
    with pytest.raises(SecretUnavailableError, match="TimeoutError"):
        await fetching.fetch(CRM, READING)
    assert measures.results == [FetchResult.UNAVAILABLE]


async def test_what_a_provider_should_not_raise_says_nothing_of_itself() -> None:
    """Foreign words may hold a value: neither they nor their traceback are shown."""
    measures = KeptMeasures()
    broken = Broken(ToldProvider(), ValueError("hunter2"))
    fetching = a_fetching(broken, measures, within_s=1)
    for asking in (fetching.fetch(CRM, READING), fetching.renew(CRM, LEASE)):
        with pytest.raises(SecretUnavailableError, match="ValueError") as raised:
            await asking
        assert "hunter2" not in "".join(traceback.format_exception(raised.value))
    assert measures.results == [FetchResult.UNAVAILABLE]


async def test_renewals_count_as_calls() -> None:
    """They cost the provider as much."""
    provider = ToldProvider(renewals=[LEASE])
    fetching = a_fetching(OneProvider(provider), KeptMeasures(), within_s=1)
    await fetching.renew(CRM, LEASE)
    assert fetching.calls_left() == {"vault": 1_999}


async def test_a_provider_that_refuses_a_renewal_for_now_is_left_alone() -> None:
    """It wants fewer calls, whatever they were about."""
    throttled = SecretThrottledError(
        reference=CRM.text(), problem="too often", advice="wait", retry_after_s=60
    )
    provider = ToldProvider(renewals=[throttled])
    fetching = a_fetching(OneProvider(provider), KeptMeasures(), within_s=1)
    with pytest.raises(SecretThrottledError, match="too often"):
        await fetching.renew(CRM, LEASE)
    with pytest.raises(SecretThrottledError, match="60 s"):
        await fetching.fetch(CRM, READING)
    assert provider.fetched == []
