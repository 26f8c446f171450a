"""Ask a real OPA about any unit, as a suite does that makes them up on the way.

A unit that the server does not know is built into a bundle of its organization, and a server is
started with all of them in place of the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from typing_extensions import override

from runtime.adapters.opa.bundle import bundle_bytes
from runtime.adapters.opa.evaluator import OpaEvaluator
from runtime.domain.policy_unit import PolicyUnit, unit_of
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyEvaluator, PolicyFaultError
from tests.servers.opa_server import opa_server
from tests.servers.opa_signing import a_signer, verification_of

PATIENCE_S = 20.0

_FIRST = unit_of(shipped_modules(), organization_id="nobody")


class OpaOfUnits(PolicyEvaluator):
    """Evaluate by OPA whatever comes; skips the test where there is no OPA."""

    remembers = False

    def __init__(self) -> None:
        self._servers = ExitStack()
        self._units: dict[tuple[str, str], PolicyUnit] = {}
        self._closed = False
        self._evaluator = self._served(_FIRST)

    @override
    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Return what OPA says, once it knows the unit."""
        if not self._closed and self._units.get((unit.organization_id, unit.key)) != unit:
            await self._evaluator.close()
            self._servers.close()
            self._evaluator = self._served(unit)
        return await self._evaluator.decide(unit, inputs)

    @override
    async def ready(self) -> None:
        """Return if OPA is."""
        await self._evaluator.ready()

    @override
    async def close(self) -> None:
        """End the server."""
        self._closed = True
        await self._evaluator.close()
        self._servers.close()

    def _served(self, unit: PolicyUnit) -> OpaEvaluator:
        self._units[unit.organization_id, unit.key] = unit
        signer, clock = a_signer(), SystemClock()
        bundles = [
            bundle_bytes(
                [one for one in self._units.values() if one.organization_id == organization],
                organization_id=organization,
                built_at=clock.now(),
                signer=signer,
            )
            for organization in {organization for organization, _ in self._units}
        ]
        server = self._servers.enter_context(
            opa_server(files=bundles, verification=verification_of(signer))
        )
        return OpaEvaluator(server.url, clock=clock, timeout_s=PATIENCE_S)
