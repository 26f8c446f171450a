"""Prove that the gate passes only what reached everything, and names the worst of what did not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from pydantic import ValidationError

from harness.checks import Verdict
from harness.compare import compare
from harness.comparison import Comparison, ComparisonRules, Part
from harness.gate import GateReport, GateRules, Threshold, judge
from harness.summary import ModelSummary, summarize
from harness.summary import TrialFigures as Figures
from harness.trial import TrialRecord
from tests.unit.harness.test_compare import KEY, a_side
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


def gated(
    *models: ModelSummary,
    rules: GateRules | None = None,
    comparison: Comparison | None = None,
    unfinished: str | None = None,
) -> GateReport:
    """Judge models."""
    comparisons = {MODEL: comparison} if comparison else {}
    return judge(models, rules or GateRules(), comparisons=comparisons, unfinished=unfinished)


@pytest.mark.parametrize(
    ("model", "verdict", "code"),
    [
        pytest.param(trials(10), Verdict.PASS, 0, id="all passed"),
        pytest.param(trials(8, 2), Verdict.PASS, 0, id="exactly the threshold"),
        pytest.param(trials(7, 3), Verdict.INCONCLUSIVE, 3, id="below, but few trials"),
        pytest.param(trials(60, 40), Verdict.REGRESSION, 1, id="surely below the threshold"),
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
    bad = summary([a_record(f"s-{at}", model="m/two", passed=False) for at in range(9)], "m/two")

    assert gated(trials(10), bad).verdict is Verdict.REGRESSION


GROUPS = summary(
    [
        *(a_record(f"a-{at}", suite="easy", tags=("red",)) for at in range(40)),
        *(a_record(f"b-{at}", suite="hard", tags=("blue",), passed=False) for at in range(40)),
    ]
)


@pytest.mark.parametrize(
    ("threshold", "verdict", "name"),
    [
        pytest.param({"pass_rate": 0.5}, Verdict.PASS, "pass rate", id="overall met"),
        pytest.param({"pass_rate": 0.9}, Verdict.REGRESSION, "pass rate", id="overall missed"),
        pytest.param({"pass_rate": 0.51}, Verdict.INCONCLUSIVE, "pass rate", id="maybe missed"),
        pytest.param(
            {"pass_rate": 0.5, "certain": True}, Verdict.INCONCLUSIVE, "pass rate", id="maybe met"
        ),
        pytest.param(
            {"pass_rate": 0.3, "certain": True}, Verdict.PASS, "pass rate", id="surely met"
        ),
        pytest.param({"pass_rate": 1, "suite": "easy"}, Verdict.PASS, "suite easy", id="suite met"),
        pytest.param(
            {"pass_rate": 0.3, "suite": "hard"}, Verdict.REGRESSION, "suite hard", id="suite missed"
        ),
        pytest.param({"pass_rate": 1, "tag": "red"}, Verdict.PASS, "tag red", id="tag met"),
        pytest.param(
            {"pass_rate": 0.3, "tag": "blue"}, Verdict.REGRESSION, "tag blue", id="tag missed"
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


def against(
    base: str, head: str, *, margin: float = 0.02, **changes: str
) -> tuple[GateReport, Comparison]:
    """Judge a model whose scenarios went `head` against one whose went `base`."""
    comparison = compare(
        a_side(base), a_side(head, key={**KEY, **changes}), ComparisonRules(margin=margin)
    )
    return gated(trials(10), comparison=comparison), comparison


@pytest.mark.parametrize(
    ("base", "head", "margin", "verdict"),
    [
        pytest.param("+" * 300, "+" * 300, 0.02, Verdict.PASS, id="as before"),
        pytest.param("-" * 30 + "+" * 270, "+" * 300, 0.02, Verdict.PASS, id="better"),
        pytest.param("+" * 300, "-" * 20 + "+" * 280, 0.02, Verdict.REGRESSION, id="worse"),
        pytest.param("+" * 300, "---" + "+" * 297, 0.01, Verdict.INCONCLUSIVE, id="maybe worse"),
        pytest.param("+" * 30, "+" * 30, 0.05, Verdict.INCONCLUSIVE, id="thirty scenarios"),
        pytest.param("+" * 1000, "-" * 8 + "+" * 992, 0.02, Verdict.PASS, id="worse, within"),
        pytest.param(
            "+" * 1000, "-" * 16 + "+" * 984, 0.02, Verdict.INCONCLUSIVE, id="worse, maybe beyond"
        ),
        pytest.param("", "", 0.02, Verdict.INCONCLUSIVE, id="nothing in common"),
    ],
)
def test_a_comparison_is_three_valued(
    base: str, head: str, margin: float, verdict: Verdict
) -> None:
    """Worse beyond chance is a regression; a pass rules the margin out; the rest is open."""
    report, _ = against(base, head, margin=margin)

    assert report.verdict is verdict, report.document()


def test_a_check_says_what_was_lost_and_what_would_be_noticed() -> None:
    """Few scenarios by name, the rest by number."""
    report, comparison = against("+" * 50, "-" * 7 + "+" * 43)
    (detail,) = [check.detail for check in report.checks if check.name == "against run"]

    assert detail.startswith("regression: 100.0% -> 86.0% (-14.0% [")
    assert detail.endswith("worse: s-000, s-001, s-002, s-003, s-004 and 2 more")
    assert comparison.overall.detectable is not None
    assert f"a loss of {comparison.overall.detectable:.1%} would be noticed" in detail


def test_an_open_question_says_how_many_families_would_answer_it() -> None:
    """So that somebody can write them."""
    report, comparison = against("+" * 30, "+" * 30, margin=0.05)

    assert f"; {comparison.overall.needed} families could rule out one of 5.0%" in next(
        check.detail for check in report.checks if check.name == "against run"
    )


def test_a_suite_that_got_worse_fails_however_the_others_did() -> None:
    """Every second scenario is in suite `second`; small suites that are open fail nobody."""
    report, _ = against("+-" * 20 + "+" * 260, "-+" * 20 + "+" * 260)
    verdicts = {check.name: check.verdict for check in report.checks}

    assert verdicts["against run, suite second"] is Verdict.REGRESSION
    assert verdicts["against run, suite first"] is Verdict.PASS


def test_unlike_runs_are_inconclusive_and_say_why() -> None:
    """Nothing of the figures is judged."""
    report, _ = against("+" * 300, "-" * 300, sampling="other")

    assert report.verdict is Verdict.INCONCLUSIVE
    assert "unverifiable: sampling differ" in report.checks[-1].detail


def test_a_scenario_that_disappeared_is_a_regression() -> None:
    """A test can't be made to pass by deleting it."""
    report, _ = against("+" * 301, "+" * 300)

    assert report.verdict is Verdict.REGRESSION
    assert any("1 scenarios are gone: s-300" in check.detail for check in report.checks)


def test_what_is_gone_is_told_although_nothing_can_be_compared() -> None:
    """Changing the prompt on top hides no deletion."""
    report, _ = against("+" * 301, "+" * 300, sampling="other")

    assert report.verdict is Verdict.REGRESSION


def test_an_unfinished_run_never_passes() -> None:
    """Trials that nobody could pay for may have failed."""
    report = gated(trials(10), unfinished="the budget is used up")

    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.checks[0].detail == "the budget is used up"


def test_nobody_is_excused_from_governance() -> None:
    """What is set aside for flaking still counts where it would do harm."""
    whole = trials(10, violating=1)

    report = judge((trials(10),), GateRules(), comparisons={}, governed={MODEL: whole})

    assert report.verdict is Verdict.GOVERNANCE


def test_models_that_are_compared_share_the_chance_of_a_false_alarm() -> None:
    """Five models claim a regression by chance no oftener than one."""
    rules = GateRules(alpha=0.05, varied=(Part.PROMPT,)).comparison(models=5)

    assert rules.alpha == pytest.approx(0.01)
    assert rules.varied == {Part.PROMPT}


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"pass_rate": 0.9}, id="unknown key"),
        pytest.param({"margin": 2}, id="share above one"),
        pytest.param({"alpha": 1e-17}, id="a level below what a float can tell from none"),
        pytest.param({"governance_findings": -1}, id="negative"),
        pytest.param({"thresholds": [{"suite": "a"}]}, id="threshold without a rate"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, object]) -> None:
    """A misspelt rule would demand nothing."""
    with pytest.raises(ValidationError):
        GateRules.model_validate(rules)
