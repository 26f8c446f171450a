"""Check the Markdown summary: findable, bounded, and inert whatever models wrote."""

from pathlib import Path

import pytest

from harness.checks import Check, Verdict
from harness.comparison import Comparison
from harness.gate import GateReport
from harness.record import read_run
from harness.reporting.markdown import MARK, MOST_BYTES, quoted, render_markdown
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


def test_the_first_line_is_the_hidden_mark(tmp_path: Path) -> None:
    """The comment can be found and replaced, and its title is the verdict."""
    lines = render_markdown(
        read_run(a_run(tmp_path, [a_trial()], gate=a_gate(Verdict.PASS)))
    ).splitlines()

    assert lines[0] == MARK
    assert "## Plangate: Passed" in lines


def test_only_checks_that_did_not_pass_are_listed(tmp_path: Path) -> None:
    """A reader sees what to do, not what is fine."""
    bad = Check(model=ORACLE, name="governance", verdict=Verdict.GOVERNANCE, detail="3 findings")
    fine = Check(model=ORACLE, name="baseline", verdict=Verdict.PASS, detail="held")
    gate = GateReport(verdict=Verdict.GOVERNANCE, checks=(fine, bad))

    text = render_markdown(read_run(a_run(tmp_path, [a_trial()], gate=gate)))

    assert "- **governance** <code>governance</code> of" in text
    assert "3 findings" in text
    assert "held" not in text


def test_failing_scenarios_say_why_and_where(tmp_path: Path) -> None:
    """Each failing pair has its message, reasons and findings."""
    text = render_markdown(read_run(a_run(tmp_path, [a_failed_trial()])))

    assert "<details><summary><code>helpdesk&#45;refund</code> by" in text
    assert "amount&#95;cents is 25000" in text
    assert "finding <code>cost</code>: <code>250 units of 100</code>" in text
    assert "cases&#46;yaml&#58;3" in text


def test_more_failures_than_fit_are_counted(tmp_path: Path) -> None:
    """Twenty are shown, the rest is a number."""
    trials = [a_failed_trial(f"s-{number:02}") for number in range(23)]

    text = render_markdown(read_run(a_run(tmp_path, trials)))

    assert text.count("<details>") == 20
    assert "3 further failing scenarios by model" in text


def test_large_sections_are_left_out_before_the_bound(tmp_path: Path) -> None:
    """Long reasons cost sections, never validity."""
    scores = {f"s{n}": {"value": 0.0, "passed": False, "reason": "<" * 999} for n in range(4)}
    trials = [a_failed_trial(f"s-{number:02}", scores=scores) for number in range(23)]

    text = render_markdown(read_run(a_run(tmp_path, trials)))

    assert len(text.encode()) <= MOST_BYTES
    assert text.count("<details>") == text.count("</details>") < 20
    assert "further failing scenarios" in text


def test_even_tables_keep_the_bound(tmp_path: Path) -> None:
    """A run of very many models is cut at a line, and says so."""
    models = [a_model(f"provider/model-{number}-{'é' * 200}") for number in range(300)]

    text = render_markdown(read_run(a_run(tmp_path, [a_lost_trial()], models=models)))

    assert len(text.encode()) <= MOST_BYTES
    assert text.endswith("The rest did not fit: see report.html.\n")


@pytest.mark.parametrize(
    "nasty",
    [
        pytest.param("</code><script>alert(1)</script>", id="HTML"),
        pytest.param("@everyone #12 www.example.org https://example.org", id="links"),
        pytest.param("a | b\n\n## c\n- [x](y) `z` ~~", id="Markdown"),
        pytest.param("-->\x1b[31m\u202e", id="comment, control and direction marks"),
    ],
)
def test_foreign_text_means_nothing_to_markdown(nasty: str) -> None:
    """No mark that Markdown or HTML reads is left, and no line ends."""
    inside = quoted(nasty).removeprefix("<code>").removesuffix("</code>")
    bare = inside.replace("&#", "").replace(";", "")

    assert bare.replace(" ", "").replace(",", "").isalnum()
    assert bare.isprintable()


def test_the_comparison_comes_first(tmp_path: Path) -> None:
    """A reviewer reads the tier and what the suite could have shown before any table."""
    folder = a_run(tmp_path, [a_trial()], comparisons=[a_comparison()])

    text = render_markdown(read_run(folder))

    line = next(line for line in text.splitlines() if line.startswith("- **regression**"))
    assert text.index(line) < text.index("| Model |")
    assert "90.0% → 80.0% (\u221210.0 points, \u221218.0 to \u22122.0, p 0.012)" in line
    assert line.endswith("a loss of 7.5% would be noticed; 1 scenario gone")


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        pytest.param(an_unverifiable(), "not compared, for <code>helpdesk&#46;prompt", id="unlike"),
        pytest.param(a_comparison(change=None), "no scenario is the same", id="nothing common"),
    ],
)
def test_what_was_not_compared_says_why(tmp_path: Path, comparison: Comparison, words: str) -> None:
    """No figure is shown where there is none."""
    text = render_markdown(read_run(a_run(tmp_path, [a_trial()], comparisons=[comparison])))

    assert words in text
    assert "would be noticed" not in text


def test_models_that_are_not_told_apart_are_named(tmp_path: Path) -> None:
    """A table in some order is no ranking."""
    trials = [a_trial(model="m/a"), a_trial(model="m/b")]

    text = render_markdown(read_run(a_run(tmp_path, trials)))

    assert "Not told apart: <code>m&#47;a</code>, <code>m&#47;b</code>." in text


def test_a_replay_and_early_ends_are_named(tmp_path: Path) -> None:
    """A reader knows how the figures came about."""
    folder = a_run(tmp_path, [a_trial()], replays=True, early={"good": 0.9, "bad": 0.5})

    text = render_markdown(read_run(folder))

    assert "up to 1 trial each" in text
    assert "replayed from cassettes." in text
