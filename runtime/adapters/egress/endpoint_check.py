"""Refuse at once an address that no request could go to, whatever its name means."""

from __future__ import annotations

from runtime.adapters.egress.rules import EgressRules
from runtime.adapters.egress.target import read_target
from runtime.ports.effect_failure import PermanentError


class RulesCheck:
    """Judge addresses by the rules of the way out; nothing is looked up."""

    def __init__(self, rules: EgressRules) -> None:
        self._rules = rules

    def place(self, url: str) -> str:
        """Return scheme, host and port of an address.

        Raises:
            PermanentError: no request could ever go there.
        """
        target = read_target(url)
        refusal = self._rules.refusal_of_target(target)
        if refusal is None and target.address is not None:
            refusal = self._rules.refusal_of_address(target, target.address)
        if refusal is not None:
            raise PermanentError(f"the address may not be called: {refusal}")
        return f"{target.scheme}://{target.authority}"
