"""A failed item says what was said, expected and proposed, why it failed, and where it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from harness.pytest_items import failure_text, is_scenario_file
from harness.trial import TrialStatus
from tests.unit.harness.reporting.builders import a_failed_trial, a_lost_trial

pytest_plugins = ["pytester"]

SCENARIO = """\
environment: counter
scenarios:
  - id: three-but-in-words
    reason: Numbers come in words too.
    when: {message: "Set the counter to three, please."}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
"""


@pytest.fixture
def prepared(tmp_path: Path) -> PreparedScenario:
    """Prepare one scenario."""
    (tmp_path / "words.yaml").write_text(SCENARIO, encoding="utf-8")
    return prepare_all(load([tmp_path / "words.yaml"], root=tmp_path))[0]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("refunds.yaml", True),
        ("refunds.yml", True),
        ("gate.yaml", False),
        ("shop.environment.yaml", False),
    ],
)
def test_rules_and_environments_are_no_scenarios(name: str, *, read: bool) -> None:
    """They belong to scenarios and hold none."""
    assert is_scenario_file(Path(name)) is read


def test_a_failure_tells_all_that_is_needed(prepared: PreparedScenario) -> None:
    """Message, expectation, proposal and each scorer's reason, with the line of the scenario."""
    text = failure_text(prepared, a_failed_trial())

    assert text.splitlines() == [
        "words.yaml:3: three-but-in-words",
        "  why it exists: Numbers come in words too.",
        "  message:       Set the counter to three, please.",
        '  expected:      ticket.refund@1({"amount_cents":2000,"ticket":"t_100"})',
        '  proposed:      ticket.refund@1({"amount_cents":25000,"note":"x","ticket":"t_100"})',
        "  plan failed: amount_cents is 25000",
        "  governance failed: ",
    ]


def test_a_lost_trial_tells_the_fault(prepared: PreparedScenario) -> None:
    """An absent provider is not a bad plan."""
    text = failure_text(prepared, a_lost_trial())

    assert "  proposed:      nothing usable" in text
    assert "  lost:          rate limited: 429 after 5 tries" in text


def test_an_unusable_answer_is_shown(prepared: PreparedScenario) -> None:
    """Where no plan could be read, people read the answer."""
    record = a_failed_trial(proposal=None, answer="I will.", scores={})

    assert failure_text(prepared, record).endswith("  answer:        I will.")


def test_other_kinds_are_shown_as_json(prepared: PreparedScenario) -> None:
    """A question or a decline has no steps."""
    record = replace(
        a_failed_trial(golden={"kinds": ["decline"]}, proposal={"kind": "decline", "reason": "no"}),
        status=TrialStatus.SCORED,
    )

    text = failure_text(prepared, record)

    assert '  expected:      {"kinds":["decline"]}' in text
    assert '  proposed:      {"kind":"decline","reason":"no"}' in text


def test_pytest_shows_the_text_and_no_traceback(pytester: pytest.Pytester) -> None:
    """The keyword planner fails on words for numbers, and the failure reads like a report."""
    (pytester.path / "words.yaml").write_text(SCENARIO, encoding="utf-8")

    result = pytester.runpytest_subprocess(
        "-p", "no:deepeval", "-p", "no:randomly", "words.yaml",
        "--plangate-model", "plangate/keyword", "--plangate-seed", "3", timeout=55,
    )  # fmt: skip

    result.stdout.fnmatch_lines(
        [
            "words.yaml:3: three-but-in-words",
            "*why it exists: *",
            "*message: *Set the counter to three, please.",
            '*expected: *counter.set({"value":3})',
            "*proposed: *",
            "* failed: *",
            "FAILED words.yaml::three-but-in-words?plangate/keyword?*",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert result.parseoutcomes()["failed"] == 1
