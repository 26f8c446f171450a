"""Check the page of two runs: one file, escaped, and honest about what may be compared."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.comparison import Tier
from harness.record import RunRecord, read_run
from harness.reporting.diff import render_diff, write_diff
from harness.results import RunError
from tests.unit.harness.reporting.builders import (
    a_comparison,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
    an_unverifiable,
)

HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'


def _runs(folder: Path) -> tuple[RunRecord, RunRecord]:
    base = a_run(folder / "base", [a_trial(f"s-{n:02}") for n in range(30)], run="run_00")
    head = a_run(
        folder / "head",
        [(a_failed_trial if n < 12 else a_trial)(f"s-{n:02}") for n in range(30)],
    )
    return read_run(base), read_run(head)


def test_the_page_compares_by_the_gates_rules(tmp_path: Path) -> None:
    """Without a comparison at hand, one is made."""
    page = render_diff(*_runs(tmp_path))

    assert "<h1>12 changes</h1>" in page
    assert "12 of 30 rows differ" in page
    assert '<span class="tier regression">regression</span>' in page
    assert "100.0% → 60.0%" in page


def test_what_the_gate_found_is_shown_instead(tmp_path: Path) -> None:
    """A run that was gated against this base is not judged twice."""
    base, _ = _runs(tmp_path)
    head = a_run(
        tmp_path / "2", [a_trial("s-00")], comparisons=[a_comparison(Tier.SOFT_REGRESSION)]
    )

    page = render_diff(base, read_run(head))

    assert "soft regression" in page
    assert "412 families rule out 2.0%" in page


def test_given_comparisons_name_the_models(tmp_path: Path) -> None:
    """Two models of different names are laid side by side if somebody says so."""
    base = read_run(
        a_run(tmp_path / "1", [a_trial(model="m/a"), a_trial(model="m/b")], run="run_00")
    )
    head = read_run(a_run(tmp_path / "2", [a_failed_trial(model="m/c"), a_trial(model="m/d")]))
    comparison = replace(a_comparison(model="m/c"), base="m/a")

    page = render_diff(base, head, comparisons=[comparison])

    assert "<h1>1 change</h1>" in page
    assert "by m/a" in page


def test_unlike_runs_show_no_difference_of_figures(tmp_path: Path) -> None:
    """The parts that differ are named, the plans can be read all the same."""
    base, _ = _runs(tmp_path)
    head = read_run(a_run(tmp_path / "2", [a_trial("s-00")], comparisons=[an_unverifiable()]))

    page = render_diff(base, head)

    assert "no figure of one is compared" in page
    assert "helpdesk.prompt" in page
    assert " → 100.0%" not in page


def test_nothing_in_common_says_so(tmp_path: Path) -> None:
    """Two runs of different models can't be laid side by side."""
    base = read_run(a_run(tmp_path / "1", [a_trial(model="m/a"), a_trial(model="m/b")]))
    head = read_run(a_run(tmp_path / "2", [a_trial(model="m/c")], run="run_02"))

    with pytest.raises(RunError, match=r"run_01 and run_02 have no model in common: m/a, m/b in"):
        render_diff(base, head)


def test_a_model_without_trials_has_no_figures(tmp_path: Path) -> None:
    """A run that was stopped at once still opens."""
    base = read_run(a_run(tmp_path / "1", [a_trial()]))
    models = [model.model_dump() for model in base.manifest.models]
    head = read_run(a_run(tmp_path / "2", [], models=models, finished=False))

    page = render_diff(base, head)

    assert "unfinished: trials are missing" in page


def test_equal_runs_are_said_to_be_equal(tmp_path: Path) -> None:
    """Nothing changed is an answer."""
    base, _ = _runs(tmp_path)

    assert "<h1>Nothing changed</h1>" in render_diff(base, base)


def test_foreign_text_is_never_markup(tmp_path: Path) -> None:
    """Names and messages come out escaped, and the page asks no network."""
    base = read_run(a_run(tmp_path / "1", [a_trial(HOSTILE, message=HOSTILE)], run=HOSTILE))
    head = read_run(a_run(tmp_path / "2", [a_lost_trial(HOSTILE, fault=HOSTILE)], created=HOSTILE))

    page = render_diff(base, head)

    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The message names the file."""
    base, head = _runs(tmp_path)

    with pytest.raises(RunError, match=r"nowhere.*can't be written"):
        write_diff(base, head, tmp_path / "nowhere" / "diff.html")


def test_the_page_is_a_function_of_the_runs(tmp_path: Path) -> None:
    """Twice the same bytes."""
    base, head = _runs(tmp_path)
    for name in ("one", "two"):
        write_diff(base, head, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
