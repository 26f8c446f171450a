"""Traces of a store come back through a child process."""

from __future__ import annotations

import pytest

from harness.tracking.child import TrackingError
from harness.tracking.stored import stored_traces
from tests.unit.harness.tracking.conftest import Logged, settings_for


def test_traces_are_read_by_a_child(logged: Logged) -> None:
    """As many as were asked for."""
    found = stored_traces("plangate", settings_for(logged.store.uri), limit=1)

    assert [set(trace) for trace in found] == [{"info", "data"}]


def test_an_unknown_experiment_is_said(logged: Logged) -> None:
    """The line names it."""
    with pytest.raises(TrackingError, match="no experiment 'other'"):
        stored_traces("other", settings_for(logged.store.uri), limit=1)
