"""Prove that flaky is what flips all along, and that no change and no repetition passes for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.flakiness import Judged, PastRun, Standing, Subject, judge_all, standing_of
from harness.results import Manifest
from harness.stats.change import Counts
from runtime.public import JsonValue
from tests.unit.harness.reporting.builders import a_manifest, a_trial

MODEL = "openai/one"
SUBJECT = Subject(scenario="helpdesk-refund", model=MODEL)
MIXED, PASSING, FAILING = Counts(passed=3, failed=2), Counts(passed=5), Counts(failed=5)


def past(
    number: int, counts: Counts = MIXED, *, findings: int = 0, **changes: JsonValue
) -> PastRun:
    """Build a past run of one scenario; numbers are days."""
    told: dict[str, JsonValue] = {
        "run": f"run_{number:02}",
        "created": f"2026-03-{number:02}T10:00:00+00:00",
        "models": [{"reference": MODEL, "label": "x", "offline": False}],
        **changes,
    }
    document = a_manifest([a_trial(model=MODEL)], **told)
    return PastRun(
        manifest=Manifest.model_validate(document),
        counts={SUBJECT: counts},
        findings={SUBJECT: findings} if findings else {},
    )


def judged(runs: Sequence[PastRun]) -> Judged:
    """Judge the only subject of some runs."""
    (found,) = judge_all(runs)
    return found


@pytest.mark.parametrize(
    ("history", "standing"),
    [
        pytest.param([MIXED] * 8, Standing.FLAKY, id="mixed all along"),
        pytest.param([FAILING, MIXED, MIXED, PASSING] * 3, Standing.FLAKY, id="run by run"),
        pytest.param([PASSING] * 8, Standing.STEADY, id="always passes"),
        pytest.param([FAILING] * 8, Standing.STEADY, id="always fails"),
        pytest.param([PASSING] * 4 + [MIXED] * 4, Standing.CHANGED, id="regressed"),
        pytest.param([MIXED] * 4 + [PASSING] * 4, Standing.CHANGED, id="mended"),
        pytest.param([FAILING] * 4 + [MIXED] * 4, Standing.CHANGED, id="half mended"),
        pytest.param([MIXED] * 3, Standing.TOO_FEW, id="15 trials"),
        pytest.param([Counts(passed=20, failed=20)], Standing.TOO_FEW, id="one run"),
        pytest.param([], Standing.TOO_FEW, id="no run"),
        pytest.param([MIXED] * 4, Standing.FLAKY, id="20 trials are enough"),
        pytest.param(
            [PASSING] * 10 + [Counts(passed=4, failed=1)], Standing.STEADY, id="one late failure"
        ),
        pytest.param(
            [Counts(passed=4, failed=1)] + [PASSING] * 5, Standing.STEADY, id="one early failure"
        ),
        pytest.param(
            [Counts(passed=1, failed=4)] + [FAILING] * 5, Standing.STEADY, id="one early pass"
        ),
        pytest.param([PASSING] * 3 + [MIXED] * 12, Standing.CHANGED, id="an early regression"),
        pytest.param([MIXED] * 12 + [PASSING] * 3, Standing.CHANGED, id="a late repair"),
    ],
)
def test_a_history_stands_as_it_looks(history: list[Counts], standing: Standing) -> None:
    """Only what flips in both halves and changed nowhere is flaky."""
    assert standing_of(history) is standing


def test_the_order_of_runs_is_that_of_their_beginning() -> None:
    """However they are handed in; the evidence names both sides of the cut."""
    before = [past(day, PASSING) for day in range(1, 5)]
    after = [past(day, MIXED) for day in range(5, 9)]

    found = judged([*after, *reversed(before)])

    assert found.standing is Standing.CHANGED
    assert found.history == (PASSING,) * 4 + (MIXED,) * 4
    assert found.evidence == (
        "32 of 40 trials passed in 8 runs: 20 of 20 in the first 4 and 12 of 20 since (p = 0.023)"
    )


def test_evidence_of_a_flake_is_one_line() -> None:
    """Long enough to be the reason of an entry."""
    found = judged([past(day, findings=day == 3) for day in range(1, 9)])

    assert found.standing is Standing.FLAKY
    assert found.findings == 1
    assert found.evidence == (
        "24 of 40 trials passed in 8 runs, 12 of 20 in the first 4 and 12 of 20 since; "
        "no change point (p = 1)"
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"comparability": {"helpdesk": {"prompt": "2"}}}, id="another prompt"),
        pytest.param(
            {"models": [{"reference": MODEL, "label": "x", "offline": False,
                         "conditions": {"prices": "1 in"}}]},
            id="another price",
        ),
        pytest.param({"replays": True}, id="a replay"),
        pytest.param({"scenarios": []}, id="a scenario that is not described"),
    ],
)  # fmt: skip
def test_a_run_under_other_conditions_is_no_history(changes: dict[str, JsonValue]) -> None:
    """Nor is one that only repeats recordings."""
    others = [past(day, FAILING, **changes) for day in range(1, 8)]

    found = judged([*others, past(9)])

    assert (found.standing, found.history) == (Standing.TOO_FEW, (MIXED,))


def test_a_scenario_that_was_rewritten_begins_anew() -> None:
    """Its digest says so."""
    old = [past(day) for day in range(1, 9)]
    scenario = old[0].manifest.scenarios[0].model_dump() | {"digest": "sha256:bb"}

    found = judged([*old, past(9, scenarios=[scenario])])

    assert found.history == (MIXED,)


def test_conditions_of_other_environments_do_not_matter() -> None:
    """A new prompt for the counter says nothing about the helpdesk."""
    own = {"helpdesk": {"registry": "sha256:01", "prompt": "3"}}
    runs = [past(day, comparability=own | {"counter": {"prompt": str(day)}}) for day in (1, 2)]

    assert judged(runs).history == (MIXED, MIXED)


def test_an_offline_model_asked_again_with_the_same_seed_says_nothing_new() -> None:
    """Its answers are always the same; the latest run of each seed counts."""
    models = [{"reference": MODEL, "label": "x", "offline": True}]
    runs = [past(day, models=models, seed=day % 2) for day in range(1, 9)]

    found = judged([*runs, past(9, PASSING, models=models, seed=1)])

    assert found.history == (MIXED, PASSING)


def test_a_scenario_known_from_replays_only_has_no_history() -> None:
    """Nothing was asked."""
    found = judged([past(1, replays=True)])

    assert (found.standing, found.history, found.evidence) == (
        Standing.TOO_FEW,
        (),
        "0 of 0 trials passed in 0 runs",
    )


def test_subjects_come_sorted_and_apart() -> None:
    """Each model has a history of its own."""
    other = Subject(scenario="helpdesk-refund", model="openai/another")
    runs = [past(1), past(2)]
    runs[1] = PastRun(
        manifest=runs[1].manifest, counts={SUBJECT: MIXED, other: PASSING}, findings={}
    )

    assert [(it.subject, len(it.history)) for it in judge_all(runs)] == [(other, 1), (SUBJECT, 2)]
