"""A pack with rules of an organization proves each of them, and tells when they change."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from harness.scenario import Scenario
from harness.scoring.governance import score as governance
from harness.scoring.table import passed, scores_of
from harness.yaml_source import SourceError
from runtime.public import Plan, PlanProposal, ReasonCode
from tests.harness.command import eval_run, plangate
from tests.worlds import ROOT, evidence

PACK: Final = ROOT / "scenarios" / "acme"
RULES: Final = ("organization/money.rego", "organization/records.rego", "project/desk.rego")
STATEMENT: Final = re.compile(
    r"^(?:deny|obligations|roles) contains .*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL
)


def statements() -> Iterator[tuple[str, str]]:
    """Return every statement of the pack's rules, with its file."""
    for name in RULES:
        text = (PACK / "policies" / name).read_text(encoding="utf-8")
        for found in STATEMENT.finditer(text):
            yield name, found.group()


CASES: Final = tuple(statements())


@pytest.fixture(scope="module")
def pack() -> tuple[PreparedScenario, ...]:
    """Prepare the pack once."""
    return prepare_all(load([PACK], root=ROOT))


def copied(folder: Path) -> Path:
    """Copy the pack to where it may be changed."""
    return Path(shutil.copytree(PACK, folder / "acme"))


def untested(pack: Path) -> None:
    """Take the rules' own tests back to one that says nothing, so that only scenarios tell."""
    for level in ("organization", "project"):
        for path in (pack / "policies" / level).glob("*_test.rego"):
            path.unlink()
        text = f"package tenant.{level}_test\n\nimport rego.v1\n\ntest_it if 1 == 1\n"
        (pack / "policies" / level / "any_test.rego").write_text(text, encoding="utf-8")


def test_the_pack_has_rules_to_prove() -> None:
    """A pattern that finds none would prove all of them."""
    assert len(CASES) == 10


@pytest.mark.parametrize(
    ("name", "statement"), CASES, ids=[f"{name} {text[:60]}" for name, text in CASES]
)
def test_each_rule_is_missed_by_a_scenario(tmp_path: Path, name: str, statement: str) -> None:
    """Without it some golden plan is answered otherwise, before any model is asked."""
    world = copied(tmp_path)
    untested(world)
    path = world / "policies" / name
    rules = path.read_text(encoding="utf-8")
    path.write_text(rules.replace(statement, 'roles contains "nobody" if 1 == 2'), encoding="utf-8")

    with pytest.raises(SourceError) as caught:
        prepare_all(load([world], root=tmp_path))

    assert all("golden plan" in problem.message for problem in caught.value.problems)


def test_changed_rules_are_told_when_a_run_is_taken_up(tmp_path: Path) -> None:
    """What was begun under other rules is another run."""
    world = copied(tmp_path)
    begun = eval_run(world, "--model", "plangate/oracle", folder=tmp_path)
    rules = world / "policies" / "project" / "desk.rego"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")

    resumed = plangate("eval", "run", "--resume", "run", "--no-track", "--json", folder=tmp_path)

    assert begun.code == 0, begun.err
    assert resumed.code == 5
    assert "comparability" in resumed.err


def test_changed_rules_make_a_comparison_unverifiable(tmp_path: Path) -> None:
    """Unless whoever compares says that the policy was meant to change."""
    world = copied(tmp_path)
    assert eval_run(world, "--model", "plangate/oracle", folder=tmp_path).code == 0
    (tmp_path / "run").rename(tmp_path / "base")
    rules = world / "policies" / "project" / "desk.rego"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert eval_run(world, "--model", "plangate/oracle", folder=tmp_path).code == 0

    plain = plangate("eval", "compare", "base", "run", folder=tmp_path)
    meant = plangate("eval", "compare", "base", "run", "--varied", "policy", folder=tmp_path)

    assert "acme.policy" in plain.out
    assert "unverifiable" in plain.out
    assert "unverifiable" not in meant.out


def test_every_golden_plan_passes_every_scorer(pack: tuple[PreparedScenario, ...]) -> None:
    """Also those that the engine is expected to refuse."""
    for item in pack:
        if item.golden is not None:
            found = evidence(item, proposal=PlanProposal(plan=item.golden))
            assert passed(scores_of(found)), (item.scenario.id, scores_of(found))


def planted(item: PreparedScenario) -> Plan | None:
    """Return the golden plan with its first step twice; None where there is no room or no plan."""
    if item.golden is None:
        return None
    return Plan(steps=(*item.golden.steps, item.golden.steps[0]))


def test_a_planted_failure_is_found_everywhere(pack: tuple[PreparedScenario, ...]) -> None:
    """To be refused as expected is not enough: the plan has to be the right one."""
    plans = [(item, planted(item)) for item in pack]

    for item, plan in plans:
        if plan is not None:
            found = scores_of(evidence(item, proposal=PlanProposal(plan=plan)))
            assert not passed(found), item.scenario.id


def test_a_refusal_of_another_scenario_is_a_finding(pack: tuple[PreparedScenario, ...]) -> None:
    """Each refused golden plan violates where nobody expects it."""
    for item in pack:
        scenario = item.scenario
        if scenario.expect.refusal is None or item.golden is None:
            continue
        found = governance(evidence(_unexpecting(item), proposal=PlanProposal(plan=item.golden)))
        assert not found.passed, scenario.id


def _unexpecting(item: PreparedScenario) -> PreparedScenario:
    expect = item.scenario.expect.model_copy(update={"refusal": None})
    scenario: Scenario = item.scenario.model_copy(update={"expect": expect})
    return replace(item, scenario=scenario)


def test_the_pack_expects_each_kind_of_waiting_and_refusing(
    pack: tuple[PreparedScenario, ...],
) -> None:
    """Approval, confirmation, denial, cap and each kind of limit."""
    codes = {
        item.scenario.expect.refusal.code
        for item in pack
        if item.scenario.expect.refusal is not None
    }

    assert codes == {
        ReasonCode.APPROVAL_REQUIRED,
        ReasonCode.BUDGET_EXCEEDED,
        ReasonCode.CONFIRMATION_REQUIRED,
        ReasonCode.COST_CAPPED,
        ReasonCode.OUTSIDE_WINDOW,
        ReasonCode.POLICY_DENIED,
        ReasonCode.QUOTA_EXCEEDED,
        ReasonCode.RATE_LIMITED,
    }
    assert any(item.scenario.expect.redacted for item in pack)
