"""Prove that figures do not depend on the order of trials and never count what was not scored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.summary import Tally
from harness.trial import TrialRecord, TrialStatus
from tests.worlds import a_lost_record, a_record, findings


def tally(records: list[TrialRecord]) -> Tally:
    """Count records."""
    counted = Tally()
    for record in records:
        counted.add(record)
    return counted


RECORDS = [
    a_record(
        f"s-{at % 5}",
        f"m/{at % 2}",
        at // 10,
        suite=f"suite-{at % 3}",
        tags=(f"t{at % 4}", "all"),
        passed=at % 3 != 0,
        cost_micros=at,
        latency_s=0.1 * at,
        scores={"plan_match": {"value": at / 7, "passed": at % 3 != 0}},
    )
    for at in range(30)
] + [a_lost_record("s-9", model="m/1")]


@given(st.permutations(RECORDS))
def test_the_order_of_records_does_not_matter(records: list[TrialRecord]) -> None:
    """Trials end in any order; the summary is the same to the last bit."""
    before = [item.document() for item in tally(RECORDS).models()]

    assert [item.document() for item in tally(records).models()] == before


def test_lost_trials_leave_the_denominator_and_are_counted() -> None:
    """A pass rate is over scored trials only."""
    (model,) = tally(
        [
            a_record("a"),
            a_record("b", passed=False),
            a_lost_record("c"),
            a_lost_record("d", status=TrialStatus.INTERNAL),
        ]
    ).models()

    overall = model.overall
    assert (overall.trials, overall.scored, overall.passed) == (4, 2, 1)
    assert (overall.infrastructure, overall.internal) == (1, 1)
    assert overall.pass_rate == 0.5
    assert model.scenarios == {"a": 1.0, "b": 0.0, "c": None, "d": None}


def test_a_model_without_scored_trials_has_no_rates() -> None:
    """Nothing is not zero."""
    (model,) = tally([a_lost_record("a")]).models()

    assert model.overall.pass_rate is None
    assert model.overall.interval is None
    assert model.overall.pass_hat == {}
    assert model.latency_p50_s is None
    assert model.overall.document()["interval"] is None


def test_reliability_is_averaged_over_the_scenarios_with_enough_trials() -> None:
    """pass^2 of (2 of 2) and (1 of 2) is the mean of 1 and 0."""
    (model,) = tally(
        [
            a_record("a", index=0),
            a_record("a", index=1),
            a_record("b", index=0),
            a_record("b", index=1, passed=False),
            a_record("c", index=0, passed=False),
        ]
    ).models()

    assert model.overall.pass_hat == {1: pytest.approx(0.5), 2: 0.5}
    assert model.overall.pass_at == {1: pytest.approx(0.5), 2: 1.0}
    assert model.overall.scenarios == 3


@pytest.mark.parametrize(
    ("costs", "total"),
    [
        pytest.param([1, 2], 3, id="known"),
        pytest.param([1, None], None, id="one price unknown"),
        pytest.param([0, 0], 0, id="free"),
    ],
)
def test_an_unknown_price_makes_the_sum_unknown(costs: list[int | None], total: int | None) -> None:
    """A sum that leaves a price out would be a lie."""
    records = [a_record(index=at, cost_micros=cost) for at, cost in enumerate(costs)]

    (model,) = tally(records).models()

    assert model.cost_micros == total


def test_findings_crashes_and_values_are_counted_by_name() -> None:
    """Tables of reports are made of these."""
    crashed = {"odd": {"value": None, "passed": False, "error": "x"}}
    records = [
        a_record(index=0, scores=findings("risk", "cost"), passed=False),
        a_record(index=1, scores=findings("risk"), passed=False),
        a_record(index=2, scores=crashed, passed=False),
        a_record(index=3, scores={"plan_match": {"value": 0.5, "passed": True}}),
    ]

    (model,) = tally(records).models()

    assert model.findings == {"cost": 1, "risk": 2}
    assert model.overall.findings == 3
    assert model.unscored == {"odd": 1}
    assert model.scores == {"governance": 0.0, "plan_match": 0.5}


def test_groups_are_by_suite_and_tag() -> None:
    """A trial counts in each of its tags."""
    records = [
        a_record("a", suite="x", tags=("p", "q")),
        a_record("b", suite="y", tags=("q",), passed=False),
    ]

    (model,) = tally(records).models()

    assert {name: group.pass_rate for name, group in model.suites.items()} == {"x": 1, "y": 0}
    assert {name: group.pass_rate for name, group in model.tags.items()} == {"p": 1, "q": 0.5}
    assert model.answered_by == ("stub-1",)
    assert set(model.document()["suites"]) == {"x", "y"}


def test_latencies_are_of_scored_trials() -> None:
    """A timeout is no answer time."""
    records = [a_record(index=0, latency_s=1.0), a_record(index=1, latency_s=3.0)]
    lost = a_lost_record(index=2, latency_s=99.0)

    (model,) = tally([*records, lost]).models()

    assert model.latency_p50_s == 2.0
    assert model.latency_p95_s == pytest.approx(2.9)
