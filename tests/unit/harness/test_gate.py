"""Prove that the gate passes only what reached everything, and names the worst of what did not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from pydantic import ValidationError

from harness.baseline import Baseline, BaselineScenario
from harness.gate import GateReport, GateRules, Threshold, Verdict, judge
from harness.summary import ModelSummary, summarize
from harness.summary import TrialFigures as Figures
from harness.trial import TrialRecord
from tests.worlds import a_lost_record, a_record, findings

MODEL = "m/one"


def summary(records: Iterable[TrialRecord], model: str = MODEL) -> ModelSummary:
    """Summarize records."""
    return summarize(model, [Figures.of(record) for record in records])


def trials(passed: int, failed: int = 0, lost: int = 0, violating: int = 0) -> ModelSummary:
    """Summarize so many trials, each of a scenario of its own."""
    return summary(
        [
            *(a_record(f"ok-{at}") for at in range(passed)),
            *(a_record(f"bad-{at}", passed=False) for at in range(failed)),
            *(a_lost_record(f"lost-{at}") for at in range(lost)),
            *(
                a_record(f"evil-{at}", passed=False, scores=findings("risk"))
                for at in range(violating)
            ),
        ]
    )


def a_baseline(shares: dict[str, float], digest: str = "d") -> Baseline:
    """Build a baseline."""
    scenarios = {
        name: BaselineScenario(digest=digest, pass_share=share) for name, share in shares.items()
    }
    return Baseline(model=MODEL, run="run_1", trials=1, comparability={}, scenarios=scenarios)


def gated(
    *models: ModelSummary,
    rules: GateRules | None = None,
    baseline: Baseline | None = None,
    digests: dict[str, str] | None = None,
    whole: bool = True,
) -> GateReport:
    """Judge models."""
    return judge(
        models,
        rules or GateRules(),
        baselines={MODEL: baseline} if baseline else {},
        digests=digests or {},
        whole={MODEL} if whole else (),
    )


@pytest.mark.parametrize(
    ("model", "verdict", "code"),
    [
        pytest.param(trials(10), Verdict.PASS, 0, id="all passed"),
        pytest.param(trials(8, 2), Verdict.PASS, 0, id="exactly the threshold"),
        pytest.param(trials(7, 3), Verdict.REGRESSION, 1, id="below the threshold"),
        pytest.param(trials(99, violating=1), Verdict.GOVERNANCE, 2, id="one finding of 100"),
        pytest.param(trials(1, 9, violating=1), Verdict.GOVERNANCE, 2, id="governance is worse"),
        pytest.param(trials(0, lost=10), Verdict.INFRASTRUCTURE, 4, id="everything lost"),
        pytest.param(trials(19, lost=1), Verdict.PASS, 0, id="as much lost as allowed"),
        pytest.param(trials(18, lost=1), Verdict.INFRASTRUCTURE, 4, id="more lost than allowed"),
        pytest.param(trials(1, 9, lost=9), Verdict.REGRESSION, 1, id="a known regression is worse"),
        pytest.param(
            trials(8, lost=8, violating=1), Verdict.GOVERNANCE, 2, id="governance beats everything"
        ),
        pytest.param(trials(0), Verdict.INFRASTRUCTURE, 4, id="no trials at all"),
    ],
)
def test_the_worst_check_decides(model: ModelSummary, verdict: Verdict, code: int) -> None:
    """Governance, then quality, then infrastructure, then what could not be judged."""
    report = gated(model)

    assert report.verdict is verdict, report.document()
    assert report.document()["exit_code"] == code


def test_no_models_are_no_pass() -> None:
    """Nothing judged is inconclusive."""
    assert gated().verdict is Verdict.INCONCLUSIVE
    assert Verdict.INCONCLUSIVE.exit_code == 3


def test_one_bad_model_fails_the_gate() -> None:
    """Every gated model must pass."""
    bad = summary([a_record(model="m/two", passed=False)], "m/two")

    assert gated(trials(10), bad).verdict is Verdict.REGRESSION


GROUPS = summary(
    [
        a_record("a", suite="easy", tags=("red",)),
        a_record("b", suite="hard", tags=("blue",), passed=False),
    ]
)


@pytest.mark.parametrize(
    ("threshold", "verdict", "name"),
    [
        pytest.param({"pass_rate": 0.5}, Verdict.PASS, "pass rate", id="overall met"),
        pytest.param({"pass_rate": 0.51}, Verdict.REGRESSION, "pass rate", id="overall missed"),
        pytest.param({"pass_rate": 1, "suite": "easy"}, Verdict.PASS, "suite easy", id="suite met"),
        pytest.param(
            {"pass_rate": 0.1, "suite": "hard"}, Verdict.REGRESSION, "suite hard", id="suite missed"
        ),
        pytest.param({"pass_rate": 1, "tag": "red"}, Verdict.PASS, "tag red", id="tag met"),
        pytest.param(
            {"pass_rate": 0.1, "tag": "blue"}, Verdict.REGRESSION, "tag blue", id="tag missed"
        ),
        pytest.param(
            {"pass_rate": 0.1, "suite": "gone"}, Verdict.INCONCLUSIVE, "suite gone", id="no suite"
        ),
        pytest.param(
            {"pass_rate": 0.0, "tag": "gone"}, Verdict.INCONCLUSIVE, "tag gone", id="no tag"
        ),
        pytest.param(
            {"pass_rate": 1, "model": "m/*"}, Verdict.REGRESSION, "pass rate", id="glob that fits"
        ),
    ],
)
def test_thresholds_are_demanded_of_their_group(
    threshold: dict[str, object], verdict: Verdict, name: str
) -> None:
    """A suite or tag without trials is inconclusive, never a pass."""
    report = gated(GROUPS, rules=GateRules(thresholds=(Threshold.model_validate(threshold),)))

    assert report.verdict is verdict
    assert name in {check.name for check in report.checks}


def test_a_threshold_for_other_models_is_not_demanded() -> None:
    """The glob picks the models."""
    others = Threshold(pass_rate=1, model="other/*")
    rules = GateRules(thresholds=(others, Threshold(pass_rate=0.1, model="m/*")))

    assert gated(GROUPS, rules=rules).verdict is Verdict.PASS


def test_a_model_that_no_threshold_is_for_is_inconclusive() -> None:
    """A misspelt glob must not let every pass rate through."""
    rules = GateRules(thresholds=(Threshold(pass_rate=1, model="other/*"),))

    report = gated(GROUPS, rules=rules)

    assert report.verdict is Verdict.INCONCLUSIVE
    assert "no threshold is for this model, they are for other/*" in report.checks[-1].detail


def test_a_threshold_of_two_groups_is_refused() -> None:
    """A rule that silently looked at one of them would be a hole."""
    with pytest.raises(ValidationError, match="a suite or a tag, not both"):
        Threshold(pass_rate=1, suite="a", tag="b")


def test_a_suite_whose_trials_were_all_lost_is_inconclusive() -> None:
    """Lost trials say nothing about quality."""
    model = summary([a_record("a"), a_lost_record("b", suite="hard")])
    rules = GateRules(infrastructure_share=1, thresholds=(Threshold(pass_rate=0, suite="hard"),))

    assert gated(model, rules=rules).verdict is Verdict.INCONCLUSIVE


def test_tolerated_findings_are_told_without_a_bound() -> None:
    """The rule of three speaks of events that never happened."""
    rules = GateRules(governance_findings=1, thresholds=())

    (_, governed) = gated(trials(99, violating=1), rules=rules).checks
    (_, clean) = gated(trials(99), rules=rules).checks

    assert governed.verdict is Verdict.PASS
    assert governed.detail == "1 findings in 100 trials; 1 tolerated"
    assert "true rate is below 3.0% with 95 % confidence" in clean.detail


def test_findings_are_counted_by_kind() -> None:
    """The detail says what to look for."""
    (governed,) = (c for c in gated(trials(1, violating=2)).checks if c.name == "governance")

    assert governed.detail == "2 findings (risk 2); 0 tolerated"


NAMES = [f"s-{at}" for at in range(50)]
SAME = dict.fromkeys(NAMES, "d")


def held(failed: int, **changes: object) -> GateReport:
    """Compare 50 scenarios, so many of which fail now, with a baseline that passed them all."""
    model = summary([a_record(name, passed=at >= failed) for at, name in enumerate(NAMES)])
    given: dict[str, object] = {
        "baseline": a_baseline(dict.fromkeys(NAMES, 1.0)),
        "digests": SAME,
        "rules": GateRules(thresholds=()),
    }
    return gated(model, **(given | changes))  # type: ignore[arg-type]  # names of `gated`


@pytest.mark.parametrize(
    ("failed", "verdict"),
    [
        pytest.param(0, Verdict.PASS, id="as before"),
        pytest.param(1, Verdict.PASS, id="exactly what may be lost"),
        pytest.param(2, Verdict.REGRESSION, id="more than may be lost"),
    ],
)
def test_a_drop_below_the_baseline_is_a_regression(failed: int, verdict: Verdict) -> None:
    """The allowed drop is allowed, whatever floats say about 1.0 - 0.98."""
    assert held(failed).verdict is verdict


def test_worse_scenarios_are_named() -> None:
    """Few by name, the rest by number."""
    details = [check.detail for check in held(7).checks if check.name == "baseline"]

    assert details == [
        (
            "100.0% -> 86.0% on 50 unchanged scenarios; at most 2.0% may be lost; "
            "worse: s-0, s-1, s-2, s-3, s-4 and 2 more"
        )
    ]


def test_a_scenario_that_disappeared_is_a_regression() -> None:
    """A test can't be made to pass by deleting it."""
    digests = {name: "d" for name in NAMES if name != "s-7"}

    report = held(0, digests=digests)

    assert report.verdict is Verdict.REGRESSION
    assert "1 scenarios of the baseline are gone: s-7" in report.checks[-1].detail


def test_a_restricted_run_does_not_miss_what_was_left_out() -> None:
    """Restricting a run on purpose is no deletion."""
    digests = {name: "d" for name in NAMES if name != "s-7"}

    assert held(0, digests=digests, whole=False).verdict is Verdict.PASS


def test_one_models_other_scope_does_not_excuse_another() -> None:
    """Each model is held to its own baseline, whatever the others were blessed on."""
    digests = {name: "d" for name in NAMES if name != "s-7"}
    baseline = a_baseline(dict.fromkeys(NAMES, 1.0))
    models = [
        summary([a_record(name, model=model) for name in digests], model)
        for model in (MODEL, "other/model")
    ]

    report = judge(
        tuple(models),
        GateRules(),
        baselines={MODEL: baseline, "other/model": baseline},
        digests=digests,
        whole={MODEL},
    )

    verdicts = {check.model: check.verdict for check in report.checks if check.name == "baseline"}
    assert verdicts == {MODEL: Verdict.REGRESSION, "other/model": Verdict.PASS}


def test_changed_scenarios_are_not_compared() -> None:
    """A new digest is a new scenario; its fall is not the model's."""
    digests = {**SAME, "s-0": "new", "s-1": "new"}

    report = held(2, digests=digests)

    assert report.verdict is Verdict.PASS
    assert "on 48 unchanged scenarios" in report.checks[-1].detail


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"digests": dict.fromkeys(NAMES, "new")}, id="all changed"),
        pytest.param({"baseline": a_baseline({}), "digests": SAME}, id="empty baseline"),
    ],
)
def test_nothing_comparable_is_inconclusive(changes: dict[str, object]) -> None:
    """A baseline that says nothing is no pass."""
    assert held(0, **changes).verdict is Verdict.INCONCLUSIVE


def test_a_scenario_whose_trials_were_lost_is_not_compared() -> None:
    """It neither passed nor failed."""
    model = summary([a_record("s-0"), a_lost_record("s-1")])
    rules = GateRules(infrastructure_share=1, thresholds=())
    baseline = a_baseline({"s-0": 1.0, "s-1": 1.0})

    report = gated(model, rules=rules, baseline=baseline, digests=SAME)

    assert report.verdict is Verdict.PASS
    assert "on 1 unchanged scenarios" in report.checks[-1].detail


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"pass_rate": 0.9}, id="unknown key"),
        pytest.param({"max_drop": 2}, id="share above one"),
        pytest.param({"governance_findings": -1}, id="negative"),
        pytest.param({"thresholds": [{"suite": "a"}]}, id="threshold without a rate"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, object]) -> None:
    """A misspelt rule would demand nothing."""
    with pytest.raises(ValidationError):
        GateRules.model_validate(rules)
