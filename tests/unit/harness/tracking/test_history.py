"""Points come back from the child process as they were written."""

from __future__ import annotations

from harness.tracking.history import Point, history
from tests.unit.harness.reporting.builders import ORACLE
from tests.unit.harness.tracking.conftest import Logged, settings_for


def test_the_store_is_asked_by_a_child(logged: Logged) -> None:
    """Models and limit are passed on."""
    (point,) = history(settings_for(logged.store.uri), models=[ORACLE], limit=1)

    assert (point.run, point.model, point.pass_rate) == ("run_03", ORACLE, 1.0)
    assert isinstance(point.interval, tuple)


def test_a_point_without_scored_trials_has_no_interval() -> None:
    """What was not measured stays unknown."""
    unknown = dict.fromkeys(Point.__slots__)

    assert Point.from_document(unknown).interval is None
