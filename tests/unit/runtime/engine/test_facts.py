"""The facts of one step are narrowed from those of the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import a_decision, a_registry, a_step, step_facts_for

FACTS = step_facts_for(a_step(), a_registry(), decisions=(a_decision(), None))


def test_a_step_has_the_decision_at_its_place() -> None:
    """Decisions are matched by position; one that is missing is silence."""
    found = [replace(FACTS, index=index).decision for index in (0, 1, 2)]

    assert found == [a_decision(), None, None]


def test_a_known_action_is_at_hand() -> None:
    """Guards behind `action_known` rely on it."""
    assert FACTS.action.action.id == "box.put@1"


def test_a_guard_out_of_order_is_found() -> None:
    """Asking for an unknown action is a fault of the engine, not of the plan."""
    with pytest.raises(LookupError, match=r"guard order broken: 'box\.put@1' is not known"):
        _ = replace(FACTS, compiled=None).action
