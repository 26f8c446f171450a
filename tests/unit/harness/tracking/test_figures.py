"""What is logged of a run has names that MLflow takes and says what the summary says."""

from __future__ import annotations

import math
import posixpath
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from harness.record import RunRecord, read_run
from harness.tracking.figures import (
    COLUMNS,
    model_metrics,
    model_parameters,
    row_of,
    run_parameters,
)
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_run, a_trial

NAME: Final = re.compile(r"[/\w.\- :]{1,250}")  # what MLflow documents


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    """Write a run of one passed and one failed trial and read it back."""
    return read_run(a_run(tmp_path / "run", [a_trial(), a_failed_trial("helpdesk-refund-more")]))


def test_parameters_hold_what_must_be_equal_to_compare(run: RunRecord) -> None:
    """The digests of the environment and of the suite are parameters."""
    parameters = run_parameters(run)

    assert parameters["suite_digest"] == "sha256:5a1e"
    assert parameters["helpdesk.registry"] == "sha256:01"
    assert (parameters["seed"], parameters["trials"], parameters["scenarios"]) == ("7", "1", "2")


def test_a_model_is_labelled_as_what_it_is(run: RunRecord) -> None:
    """Nobody takes the oracle for a model."""
    assert model_parameters(run, run.summary.models[0]) == {
        "model": ORACLE,
        "label": "offline oracle",
        "offline": "True",
        "answered_by": ORACLE,
    }


def test_metrics_tell_rates_by_suite_and_tag(run: RunRecord) -> None:
    """One of two passed, in the whole, in the suite and under the tag."""
    metrics = model_metrics(run.summary.models[0])

    assert [metrics[f"{part}pass_rate"] for part in ("", "suite/helpdesk/", "tag/refund/")] == [
        0.5, 0.5, 0.5,
    ]  # fmt: skip
    assert metrics["findings/cost"] == 1
    assert metrics["score/plan"] == 0.75
    assert metrics["pass_hat_1"] == 0.5
    assert metrics["tokens"] == 240


def test_what_was_not_measured_is_left_out(run: RunRecord) -> None:
    """An unknown cost is not zero, and NaN is no figure."""
    summary = run.summary.models[0]
    unknown = replace(
        summary,
        cost_micros=None,
        overall=replace(summary.overall, pass_rate=None, interval=None, pass_hat={1: math.nan}),
    )

    names = set(model_metrics(unknown))

    assert not {"cost_micros", "pass_rate", "pass_rate_low", "pass_hat_1"} & names


@pytest.mark.parametrize("name", ["..", "a/../b", "", "é ü", "x" * 300, ". .", "a//b", "a:b"])
def test_names_are_legal_whatever_a_suite_is_called(run: RunRecord, name: str) -> None:
    """A name that MLflow refuses would lose the whole run."""
    summary = run.summary.models[0]
    odd = replace(summary, suites={name: summary.overall}, findings={name: 1})

    for key in model_metrics(odd):
        assert NAME.fullmatch(key)
        assert posixpath.normpath(key) == key


def test_a_row_has_a_value_for_each_column() -> None:
    """The table's columns and its rows belong together."""
    row = dict(zip(COLUMNS, row_of(a_failed_trial()), strict=True))

    assert (row["passed"], row["findings"], row["tags"]) == (False, 1, "refund")
