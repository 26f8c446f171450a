"""Law: whatever is another in a report of a gate, its digest shows it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runtime.domain.errors import GateReportRefusedError
from runtime.domain.gate_report import GateReport, judged_gate
from runtime.kit.json_value import JsonObject
from tests.gate_reports import ENVIRONMENT, MODEL, a_report

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REPORT: JsonObject = a_report(judged_at=NOW)


def paths(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401  # any JSON
    """Return where everything is that is neither object nor list."""
    if isinstance(document, dict):
        return [found for key, item in document.items() for found in paths(item, (*path, key))]
    if isinstance(document, list):
        return [found for at, item in enumerate(document) for found in paths(item, (*path, at))]
    return [path]


def changed(old: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return another value of the same kind."""
    if isinstance(old, bool):
        return not old
    return old + 1 if isinstance(old, int) else f"{old}0"


@given(st.sampled_from(paths(REPORT)))
def test_no_leaf_of_a_report_changes_unnoticed(path: tuple[str | int, ...]) -> None:
    """Whichever text, number or answer it is; `GateReport` refuses some by their shape."""
    document = copy.deepcopy(REPORT)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = changed(holder[path[-1]])

    with pytest.raises((GateReportRefusedError, ValidationError)):
        judged_gate(
            GateReport.model_validate(document), model=MODEL, environment=ENVIRONMENT, now=NOW
        )


def test_the_report_as_it_is_is_believed() -> None:
    """So that the law above says something."""
    report = GateReport.model_validate(REPORT)

    assert judged_gate(report, model=MODEL, environment=ENVIRONMENT, now=NOW).passed
