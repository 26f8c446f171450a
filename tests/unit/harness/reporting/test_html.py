"""Check the page's static part: honest, escaped, and cut off from every network."""

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import orjson
import pytest

from harness.checks import Verdict
from harness.gate import GateReport
from harness.record import read_run
from harness.reporting import diff
from harness.reporting.html import SCRIPTS, STYLES, headline, render_html
from harness.stats.sequential import design
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_comparison,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_model,
    a_run,
    a_trial,
    an_unverifiable,
)

HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'


@pytest.mark.parametrize(
    ("verdict", "title"),
    [
        pytest.param(Verdict.PASS, "Passed", id="pass"),
        pytest.param(Verdict.REGRESSION, "Regression", id="regression"),
        pytest.param(Verdict.GOVERNANCE, "Governance findings", id="governance"),
        pytest.param(Verdict.INCONCLUSIVE, "Inconclusive", id="inconclusive"),
        pytest.param(Verdict.INFRASTRUCTURE, "Infrastructure", id="infrastructure"),
    ],
)
def test_the_headline_is_the_verdict(tmp_path: Path, verdict: Verdict, title: str) -> None:
    """The gate's word leads the page."""
    page = render_html(read_run(a_run(tmp_path, [a_trial()], gate=a_gate(verdict))))

    assert f"<h1>{title}</h1>" in page
    assert f'class="verdict {verdict.value}"' in page


def test_an_unfinished_run_never_looks_passed(tmp_path: Path) -> None:
    """Missing trials outrank the gate."""
    run = read_run(a_run(tmp_path, [a_trial()], gate=a_gate(), finished=False))

    assert headline(run).title == "Unfinished"


def test_a_run_without_gate_says_so(tmp_path: Path) -> None:
    """No gate is not a pass."""
    run = read_run(a_run(tmp_path, [a_trial()]))

    assert headline(run).title == "Not gated"
    assert "gate-title" not in render_html(run)


def test_stand_ins_are_labelled_as_what_they_are(tmp_path: Path) -> None:
    """An offline model is never presented as a language model, and a fallback is named."""
    models = [a_model(ORACLE, "offline oracle: answers with the golden plan")]
    trials = [a_trial(answered_by="somebody/else")]

    page = render_html(read_run(a_run(tmp_path, trials, models=models)))

    assert "offline oracle: answers with the golden plan" in page
    assert "Every model here is an offline stand-in" in page
    assert "answered by somebody/else" in page


@pytest.mark.parametrize(
    ("asked", "answered", "named"),
    [
        pytest.param("openai/gpt-x", "gpt-x", False, id="the same without its provider"),
        pytest.param("plangate/noisy?rate=0.2", "noisy", False, id="the same without options"),
        pytest.param("gpt-x", "gpt-x", False, id="the same"),
        pytest.param("openai/gpt-x", "gpt-x-mini", True, id="another"),
        pytest.param("openai/my-gpt-x", "gpt-x", True, id="another with the same ending"),
    ],
)
def test_only_another_model_is_named_as_the_one_that_answered(
    tmp_path: Path, asked: str, answered: str, *, named: bool
) -> None:
    """A fallback is seen, and a provider's short name raises no alarm."""
    folder = a_run(tmp_path, [a_trial(model=asked, answered_by=answered)])

    assert (f"answered by {answered}<" in render_html(read_run(folder))) is named


def test_a_real_model_lifts_the_notice(tmp_path: Path) -> None:
    """The notice about stand-ins is for runs of nothing else."""
    models = [a_model(ORACLE, "real model", offline=False)]

    page = render_html(read_run(a_run(tmp_path, [a_trial()], models=models)))

    assert "stand-in" not in page
    assert 'class="label live"' in page


def test_foreign_text_is_never_markup(tmp_path: Path) -> None:
    """Names, labels, details and digests come out escaped, whatever they hold."""
    trials = [
        a_failed_trial(HOSTILE, HOSTILE, tags=(HOSTILE,), suite=HOSTILE, answered_by=HOSTILE + "2")
    ]
    folder = a_run(
        tmp_path,
        trials,
        gate=a_gate(Verdict.REGRESSION, model=HOSTILE, detail=HOSTILE),
        run=HOSTILE,
        created=HOSTILE,
        code=HOSTILE,
        tags=[HOSTILE],
        paths=[HOSTILE],
        suite_digest=HOSTILE,
        models=[a_model(HOSTILE, HOSTILE)],
        comparability={HOSTILE: {HOSTILE: HOSTILE}},
    )

    page = render_html(read_run(folder))

    assert "<img" not in page
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def test_the_policy_names_exactly_our_script_and_style(tmp_path: Path) -> None:
    """A browser runs what we wrote and loads nothing."""
    page = render_html(read_run(a_run(tmp_path, [a_trial()])))

    for element in ("script", "style"):
        found = re.findall(rf"<{element}>(.*?)</{element}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert len(found) == 1
        assert f"{element}-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "https://" not in page


def test_our_own_files_keep_to_the_policy() -> None:
    """Scripts set text only; no file could end its element or needs a style attribute."""
    folder = files("harness.reporting") / "templates"
    for name in {*SCRIPTS, *STYLES, *diff.SCRIPTS, *diff.STYLES}:
        text = (folder / name).read_text(encoding="utf-8")
        assert "</" not in text, name
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text, name
    assert all(
        "style=" not in path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".jinja")
    )


def test_a_model_without_figures_keeps_its_row(tmp_path: Path) -> None:
    """A model that lost everything, or never ran, is shown as that."""
    models = [a_model(ORACLE), a_model("late/model")]
    trials = [a_lost_trial(), a_trial("other-one", "third/model")]

    page = render_html(read_run(a_run(tmp_path, trials, models=models)))

    assert "no trial yet" in page
    assert "n/a" in page


def test_equal_runs_give_equal_pages(tmp_path: Path) -> None:
    """A page is a function of the run."""
    trials = [a_trial(index=0), a_failed_trial(index=1)]
    one = render_html(read_run(a_run(tmp_path / "one", trials)))
    other = render_html(read_run(a_run(tmp_path / "other", trials[::-1])))

    assert one == other


def test_the_comparison_is_told_in_full(tmp_path: Path) -> None:
    """Tier, rates, change, interval, p, what would be noticed, what is needed, and names."""
    comparison = a_comparison(worse=("s-1",), better=("s-2",))
    page = render_html(read_run(a_run(tmp_path, [a_trial()], comparisons=[comparison])))

    for words in (
        '<span class="tier regression">regression</span>',
        "90.0% → 80.0%",
        "\u221210.0",
        "\u221218.0 to \u22122.0",
        "0.012",
        "a loss of 7.5%",
        "412 families rule out 2.0%",
        "30 scenarios in 28 families",
        "<code>s-1</code>",
        "<code>s-2</code>",
        "<code>gone-one</code>",
        '<option value="worse">',
    ):
        assert words in page, words


def test_what_may_not_be_compared_shows_no_figures(tmp_path: Path) -> None:
    """The parts that differ stand there instead."""
    page = render_html(read_run(a_run(tmp_path, [a_trial()], comparisons=[an_unverifiable()])))

    assert "helpdesk.prompt" in page
    assert "sha256:bb" in page
    assert "Change in points" not in page


def test_several_models_are_compared(tmp_path: Path) -> None:
    """Charts, groups and matrix appear where there is somebody to compare with."""
    trials = [a_trial(f"s-{n}", model) for n in range(9) for model in ("m/one", "m/two")]
    several = render_html(read_run(a_run(tmp_path / "2", trials)))
    alone = render_html(read_run(a_run(tmp_path / "1", trials[::2])))

    assert "not told apart" in several
    assert several.count("offline stand-in</span>") == 2
    assert several.count('class="mark') > alone.count('class="mark')
    assert 'id="contest"' not in alone


def test_reliability_is_drawn_from_two_trials_on(tmp_path: Path) -> None:
    """pass^1 alone is no curve."""
    one = render_html(read_run(a_run(tmp_path / "1", [a_trial()])))
    two = render_html(read_run(a_run(tmp_path / "2", [a_trial(), a_failed_trial(index=1)])))

    assert "reliability-title" not in one
    assert "pass^1 50.0%, pass^2 0.0%" in two
    assert "pass@2 <b>100.0%</b>" in two


def test_early_ends_leave_out_what_is_not_known(tmp_path: Path) -> None:
    """Without pass@k the page still has its curves."""
    early = {"good": 0.9, "bad": 0.3, "alpha": 0.2, "beta": 0.2, "longest": 2}
    plan = design(good=0.9, bad=0.3, alpha=0.2, beta=0.2, longest=2)
    trials = [a_trial(), a_failed_trial(index=1)]
    folder = a_run(tmp_path, trials, plan=plan, early=early)

    page = render_html(read_run(folder))

    assert "up to 2" in page
    assert "pass@" not in page
    assert "corrected for that" in page


def test_a_replay_names_no_time(tmp_path: Path) -> None:
    """Two replays of the same cassettes are the same page, whenever they are made."""
    point = {"run": "r", "created": "2026-01-01T00:00:00+00:00", "model": ORACLE, "scored": 1}
    figures = {"pass_rate": 0.5, "interval": None, "verdict": None}
    history = [point | figures | {"suite_digest": "a", "comparability": "b"}] * 2
    pages = []
    for name, created in (("1", "2026-03-02T10:00:00+00:00"), ("2", "2027-01-01T00:00:00+00:00")):
        folder = a_run(tmp_path / name, [a_trial()], replays=True, created=created)
        (folder / "history.json").write_bytes(orjson.dumps(history[: int(name)]))
        pages.append(render_html(read_run(folder)))

    assert pages[0] == pages[1]
    assert "replayed from cassettes" in pages[0]
    assert "Took" not in pages[0]


def test_the_trend_and_the_matrix_of_answers_are_there(tmp_path: Path) -> None:
    """A logged run shows its past, and every run what it did where a question was needed."""
    asked = {"kinds": ["clarification"]}
    folder = a_run(tmp_path, [a_trial(), a_trial("s-q", golden=asked)])
    point = {"created": "2026-01-01T00:00:00+00:00", "model": ORACLE, "scored": 1, "verdict": None}
    figures = {"pass_rate": 0.5, "interval": [0.2, 0.8], "suite_digest": "a", "comparability": "b"}
    points = [{"run": f"run_{n}"} | point | figures for n in range(2)]
    (folder / "history.json").write_bytes(orjson.dumps(points))

    page = render_html(read_run(folder))

    assert "<code>run_1</code>" in page
    assert "under-asked" in page
    assert '100.0% <span class="quiet">1 of 1' in page


def test_many_passing_checks_are_folded(tmp_path: Path) -> None:
    """What did not pass is not lost among what did."""
    fine = a_gate().checks * 9
    bad = a_gate(Verdict.REGRESSION).checks
    gate = GateReport(verdict=Verdict.REGRESSION, checks=(*fine, *bad))

    page = render_html(read_run(a_run(tmp_path, [a_trial()], gate=gate)))

    assert '<details class="fold"><summary>9 checks passed' in page
