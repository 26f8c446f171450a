"""Check the JUnit file against the structure that readers rely on."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness.record import read_run
from harness.reporting.junit import legal, render_junit
from harness.trial import TrialStatus
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)

TRIALS = (
    a_trial(index=0),
    a_failed_trial(index=1),
    a_lost_trial(index=2),
    a_lost_trial("second-one", "other/model", status=TrialStatus.INTERNAL, fault=""),
)


def _parsed(folder: Path) -> ET.Element:
    return ET.fromstring(render_junit(read_run(folder)))  # noqa: S314  # written just now


def test_counts_agree_with_the_cases(tmp_path: Path) -> None:
    """Every suite's numbers are those of its elements, and the root's are their sums."""
    root = _parsed(a_run(tmp_path, TRIALS))

    for element in (root, *root.iter("testsuite")):
        assert int(element.get("tests", "")) == len(list(element.iter("testcase")))
        assert int(element.get("failures", "")) == len(list(element.iter("failure")))
        assert int(element.get("errors", "")) == len(list(element.iter("error")))
    assert [suite.get("name") for suite in root] == sorted([ORACLE, "other/model"])


def test_a_case_says_where_and_why(tmp_path: Path) -> None:
    """Name, place, reason and scores of a failing trial are there."""
    root = _parsed(a_run(tmp_path, TRIALS))

    case = root.find(".//testcase[@name='helpdesk-refund[1]']")

    assert case is not None
    assert (case.get("file"), case.get("line")) == ("scenarios/helpdesk/cases.yaml", "3")
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == (
        "governance",
        "plan: amount_cents is 25000",
    )
    assert "finding cost: 250 units of 100" in (failure.text or "")
    assert "plan = 0.5 amount_cents is 25000" in (case.findtext("system-out") or "")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        pytest.param("helpdesk-refund[2]", "infrastructure", "rate limited", id="infrastructure"),
        pytest.param("second-one[0]", "internal", "no fault was recorded", id="our own defect"),
    ],
)
def test_lost_trials_are_errors(tmp_path: Path, name: str, kind: str, message: str) -> None:
    """What was never scored is not a failure of the model."""
    error = _parsed(a_run(tmp_path, TRIALS)).find(f".//testcase[@name='{name}']/error")

    assert error is not None
    assert error.get("type") == kind
    assert (error.get("message") or "").startswith(message)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Control characters vanish and markup is escaped, so that every reader can parse."""
    nasty = "a\x00b\x1b[31m]]></failure><x/>\ufffe\ud800"
    readable = nasty.replace("\ud800", "")
    scores = {"plan": {"value": None, "passed": False, "reason": readable, "error": "died"}}
    folder = a_run(tmp_path, [a_failed_trial(message=readable, scores=scores)])

    failure = _parsed(folder).find(".//failure")

    assert failure is not None
    assert failure.get("message") == "plan: ab[31m]]></failure><x/>"
    assert legal(nasty) == "ab[31m]]></failure><x/>"


def test_a_failure_without_reason_still_explains_itself(tmp_path: Path) -> None:
    """A case whose scenario is unknown and whose scorers are silent has a message."""
    folder = a_run(tmp_path, [a_failed_trial(scores={}, problems=())], scenarios=[])

    case = _parsed(folder).find(".//testcase")

    assert case is not None
    assert case.get("file") is None
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("plan", "no scorer gave a reason")
