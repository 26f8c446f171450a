"""Turn a target into the addresses that it may be reached at: looked up once, each judged.

Whoever connects does so to these and to nothing else, so that a name which means something else a
moment later changes nothing.
"""

from __future__ import annotations

from runtime.adapters.egress.resolving import HostResolver
from runtime.adapters.egress.rules import EgressRules
from runtime.adapters.egress.target import Target, read_target
from runtime.kit.public_address import Address
from runtime.ports.effect_failure import PermanentError, RetryableError


class Gate:
    """Judge where requests go."""

    def __init__(self, rules: EgressRules, resolver: HostResolver) -> None:
        self._rules = rules
        self._resolver = resolver

    async def admit(self, url: str) -> None:
        """Return if a URL may be called now.

        Raises:
            PermanentError: it may not.
            RetryableError: its name can't be looked up now.
        """
        await self.addresses(read_target(url))

    async def addresses(self, target: Target) -> tuple[Address, ...]:
        """Return where a target may be reached, at least one.

        Raises:
            PermanentError: nowhere.
            RetryableError: its name can't be looked up now.
        """
        if refusal := self._rules.refusal_of_target(target):
            raise _forbidden(refusal)
        found = (
            await self._resolver.addresses(target.host)
            if target.address is None
            else (target.address,)
        )
        if not found:
            raise RetryableError("the name of the host has no address")
        judged = [(address, self._rules.refusal_of_address(target, address)) for address in found]
        open_ones = tuple(address for address, refusal in judged if refusal is None)
        if not open_ones:
            raise _forbidden(str(judged[0][1]))
        return open_ones

    def close(self) -> None:
        """Look nothing up any more."""
        self._resolver.close()


def _forbidden(reason: str) -> PermanentError:
    return PermanentError(f"the address may not be called: {reason}; see PLANGATE_EGRESS_ALLOW")
