"""Ask a real OPA server what rules say, all steps of a plan in one question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from runtime.adapters.opa.answer import (
    Expected,
    check_age,
    decisions_of,
    evaluation_failed,
    newest_built_at,
)
from runtime.adapters.opa.bundle import batch_path
from runtime.adapters.opa.wire import OpaWire, in_time
from runtime.domain.policy_unit import PolicyUnit
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.kit.rego_scope import may_name
from runtime.ports.policy import PolicyFault, PolicyFaultError

TIMEOUT_S: Final = 1.0
MAX_AGE: Final = timedelta(minutes=10)

_DATA: Final = ("v1", "data")
_BUNDLES: Final = (*_DATA, "system", "bundles")


class OpaEvaluator:
    """Evaluate units at one server; what it says counts if it comes from exactly their rules.

    The server is given the rules by bundles (see `bundle`), each of which says of itself which
    number and digest its units have and when they were known to be current.
    """

    remembers = False

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
        max_age: timedelta = MAX_AGE,
    ) -> None:
        """Prepare to ask.

        Args:
            url: the server's address.
            clock: what the age of bundles is measured by.
            token: what the server knows us by, if it asks.
            timeout_s: within which all answers of one call must be there.
            max_age: how old a bundle may be.

        Raises:
            ValueError: If the URL is not an address of HTTP.
        """
        self._wire = OpaWire(url, token=token)
        self._clock = clock
        self._timeout_s = timeout_s
        self._max_age = max_age
        self._seen: dict[tuple[str, str], int] = {}

    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Return what the rules say of each input, in order.

        If the rules fail on some input, the others are asked again without it.

        Raises:
            PolicyFaultError: nothing was answered that counts.
        """
        if not inputs:
            return []
        place = (unit.organization_id, unit.key)
        if not all(map(may_name, place)):
            raise PolicyFaultError(PolicyFault.NOT_LOADED, "no bundle holds a unit of that name")
        seen = self._seen.get(place, 0)
        async with in_time(self._timeout_s):
            answers = await self._answers(unit, inputs, seen=seen)
        self._seen[place] = max(self._seen.get(place, 0), unit.number)
        return answers

    async def ready(self) -> None:
        """Return if the server is there and the newest of our bundles in it is young enough.

        OPA's `/health?bundles` is not asked: it turns false by any single bundle that does not
        load, and so each organization could end the service for all others by a rule that OPA
        refuses. Units are looked at one by one when they are asked.

        Raises:
            PolicyFaultError: questions would not be answered.
        """
        async with in_time(self._timeout_s):
            answer = await self._wire.get(*_BUNDLES)
        check_age(newest_built_at(answer.ok()), now=self._clock.now(), max_age=self._max_age)

    async def close(self) -> None:
        """Release connections."""
        await self._wire.close()

    async def _answers(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject], *, seen: int
    ) -> list[JsonValue | PolicyFaultError]:
        path = batch_path(unit.organization_id, unit.key)
        answer = await self._wire.post(*_DATA, *path, body=_question(inputs))
        if evaluation_failed(answer.status, answer.body):
            if len(inputs) == 1:
                return [PolicyFaultError(PolicyFault.FAILED, "the rules fail on this input")]
            half = len(inputs) // 2
            first = await self._answers(unit, inputs[:half], seen=seen)
            return first + await self._answers(unit, inputs[half:], seen=seen)
        expected = Expected(
            unit=unit,
            count=len(inputs),
            seen=seen,
            now=self._clock.now(),
            max_age=self._max_age,
        )
        return decisions_of(answer.ok(), expected)


def _question(inputs: Sequence[JsonObject]) -> bytes:
    try:
        return canonical_bytes({"input": {"steps": list(inputs)}})
    except CanonicalJsonError:
        raise PolicyFaultError(
            PolicyFault.FAILED, "an input is not JSON that every reader reads alike"
        ) from None
