"""A condition lets an event through by boolean true alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.domain.errors import DeclarationError
from runtime.domain.webhook import EventToSend
from runtime.engine.webhook_condition import (
    ConditionFailedError,
    compile_condition,
    context_of,
)

EVENT = EventToSend(
    id="evt_1",
    type="plan.executed",
    organization_id="org_1",
    project_id=None,
    document='{"weight":7,"name":"Kiln"}',
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("condition", "through"),
    [
        ("event.data.weight > 5", True),
        ("event.data.weight > 9", False),
        ("event.project == null", True),
        ('event.type == "plan.executed" && event.id == "evt_1"', True),
        ('event.time == "2026-01-01T00:00:00Z"', True),
    ],
)
def test_an_event_is_judged(condition: str, through: bool) -> None:  # noqa: FBT001  # a column
    """By all that it says."""
    assert compile_condition(condition).lets_through(context_of(EVENT)) is through


@pytest.mark.parametrize(
    "condition", ["event.data.height > 5", "event.data.name", "event.type + 1"]
)
def test_what_gives_no_boolean_fails(condition: str) -> None:
    """A part that is missing, another type, a fault."""
    with pytest.raises(ConditionFailedError):
        compile_condition(condition).lets_through(context_of(EVENT))


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("event.data.all(x, x)", "calls all"),
        ("event.data.weight >", "does not parse"),
        ("state.weight > 5", "names state, expected only event"),
    ],
)
def test_what_can_not_be_used_is_refused_at_once(condition: str, problem: str) -> None:
    """When it is declared, with what is wrong."""
    with pytest.raises(DeclarationError, match=problem):
        compile_condition(condition)
