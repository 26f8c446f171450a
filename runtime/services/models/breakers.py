"""Leave a model alone for a while that failed several times in a row.

One circuit for each organization and reference, so that nobody's short patience keeps others from a
model. What is open lets one request through after a while, and closes if that succeeds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FAILURES: Final = 5
OPEN_S: Final = 15.0
MOST_CIRCUITS: Final = 4_096


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opened_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Name a circuit: whose requests, and to which reference."""

    organization_id: str
    reference: str


class Breakers:
    """Hold circuits; belongs to one event loop."""

    def __init__(self, *, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._circuits = OrderedDict[Line, _Circuit]()

    def wait_s(self, line: Line) -> float:
        """Return how long a model is left alone yet; 0: it may be asked.

        Who is told 0 after an opening asks for all: others wait on until that one is through.
        """
        circuit = self._circuits.get(line)
        if circuit is None or circuit.opened_s is None:
            return 0.0
        now = self._monotonic_s()
        left = circuit.opened_s + OPEN_S - now
        if left > 0:
            return left
        circuit.opened_s = now
        return 0.0

    def succeeded(self, line: Line) -> bool:
        """Close a circuit; return whether it was open."""
        circuit = self._circuits.pop(line, None)
        return circuit is not None and circuit.opened_s is not None

    def failed(self, line: Line) -> bool:
        """Count a failure; return whether the circuit opens by it."""
        circuit = self._circuits.setdefault(line, _Circuit())
        self._circuits.move_to_end(line)
        if len(self._circuits) > MOST_CIRCUITS:
            self._circuits.popitem(last=False)
        circuit.failures += 1
        if circuit.failures < FAILURES:
            return False
        was_open, circuit.opened_s = circuit.opened_s is not None, self._monotonic_s()
        return not was_open
