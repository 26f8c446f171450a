"""The verdict that was given last about a model, a prompt and a registry is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.domain.gate_report import LONGEST_HOLDING, GateVerdict
from runtime.store.gates import StoredGate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_gate(verdict: GateVerdict = GateVerdict.PASS, *, age: timedelta = timedelta()) -> StoredGate:
    """Build a verdict."""
    return StoredGate(
        id="gat_1",
        run="run_1",
        model="m",
        identity="m",
        environment="counter",
        prompt="1:sha256:p",
        registry="sha256:r",
        verdict=verdict,
        digest="sha256:d",
        judged_at=NOW - age,
        created_at=NOW,
        created_by="mem_1",
    )


def test_a_pass_holds_for_ninety_days() -> None:
    """From when it was given, not from when it was brought."""
    assert a_gate(age=LONGEST_HOLDING).holds(NOW)
    assert not a_gate(age=LONGEST_HOLDING + timedelta(seconds=1)).holds(NOW)


def test_nothing_else_holds_at_all() -> None:
    """Whatever it was."""
    assert not any(a_gate(item).holds(NOW) for item in GateVerdict if item is not GateVerdict.PASS)
