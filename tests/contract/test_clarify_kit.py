"""The clarification scorer agrees with the labels that people gave, and cheap baselines do not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import yaml

from harness.checks import Verdict
from harness.gate import GateRules, Threshold, judge
from harness.prepared import PreparedScenario
from harness.replay import judged
from harness.scoring.clarification import score
from harness.scoring.question import QuestionFault
from harness.summary import Tally
from runtime.public import Clarification, Decline, PlanProposal, Proposal
from tests.worlds import a_job, a_plan, evidence, prepared, proposed, shipped

Case: TypeAlias = dict[str, Any]
Answerer: TypeAlias = Callable[[PreparedScenario], Proposal]

KIT: Final[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent.parent / "kit" / "clarify_kit.yaml").read_text("utf-8")
)
TUNED: Final[list[Case]] = KIT["cases"]
HELD_OUT: Final[list[Case]] = KIT["held_out"]
RIGHT: Final = "right"
ENOUGH: Final = 0.95
LANGUAGES: Final = ("de", "fr", "es", "it")
RULES: Final = GateRules(
    thresholds=(
        Threshold(pass_rate=0.8),
        Threshold(tag="missing-parameter", pass_rate=0.8),
        Threshold(tag="ambiguity", pass_rate=0.8),
    )
)
"""What a run must reach: without the tags, a model that never asks would lose a tenth and pass."""


@cache
def world(name: str) -> PreparedScenario:
    """Prepare a world of the kit."""
    told = KIT["worlds"][name]
    return prepared(
        environment=told["environment"],
        given=told.get("given"),
        when={"message": told["message"]},
        expect=told["expect"],
    )


@cache
def scenarios() -> tuple[PreparedScenario, ...]:
    """Prepare the shipped scenarios once."""
    return shipped()


def answer(case: Case) -> Proposal | None:
    """Read what the agent answered."""
    if "ask" in case:
        choices = tuple(case.get("choices", ()))
        return Clarification(question=case["ask"], asks_for=tuple(case["for"]), choices=choices)
    if "plan" in case:
        return PlanProposal(plan=a_plan((action, inputs) for action, inputs in case["plan"]))
    return Decline(reason=case["decline"]) if "decline" in case else None


def label_of(case: Case) -> str:
    """Return the scorer's label of a case."""
    found = score(evidence(world(case["world"]), proposal=answer(case)))
    return RIGHT if found is None or found.passed else found.reason.partition(":")[0]


@pytest.mark.parametrize(
    "cases",
    [pytest.param(TUNED, id="cases that it was tuned on"), pytest.param(HELD_OUT, id="held out")],
)
def test_the_scorer_agrees_with_the_labels(cases: list[Case]) -> None:
    """At least 95 % of the labels, fault by fault, also where it was never tuned."""
    found = {case["id"]: label_of(case) for case in cases}
    differing = [
        f"{case['id']}: {found[case['id']]}, labelled {case['label']}"
        for case in cases
        if found[case["id"]] != case["label"]
    ]
    rate = 1 - len(differing) / len(cases)
    print(f"agreement {rate:.1%} on {len(cases)} cases", *differing, sep="\n  ")  # noqa: T201  # the figure
    assert rate >= ENOUGH, differing


def needed(case: Case) -> bool:
    """Say whether the world of a case accepts a question."""
    return bool({"clarification", "either"} & set(KIT["worlds"][case["world"]]["expect"]))


@pytest.mark.parametrize(
    "credits_it",
    [
        pytest.param(lambda case: "ask" in case, id="asking is right"),
        pytest.param(lambda case: "ask" not in case, id="not asking is right"),
        pytest.param(lambda case: "?" in case.get("ask", ""), id="any question mark is right"),
        pytest.param(
            lambda case: ("?" in case.get("ask", "")) == needed(case),
            id="any question mark is right where a question is needed",
        ),
        pytest.param(lambda case: ("ask" in case) == needed(case), id="only the kind counts"),
    ],
)
def test_a_cheap_grader_does_not_agree_with_the_labels(credits_it: Callable[[Case], bool]) -> None:
    """Even one that knows when to ask is wrong about a third of the cases."""
    every = TUNED + HELD_OUT
    agreed = sum(credits_it(case) == (case["label"] == RIGHT) for case in every)

    assert agreed / len(every) < 0.7


def asks_vaguely(_: PreparedScenario) -> Proposal:
    """Ask the same thing whatever was said."""
    return Clarification(question="Could you clarify what you want?")


def asks_with_a_mark(_: PreparedScenario) -> Proposal:
    """Write a question mark."""
    return Clarification(question="?")


def asks_for_the_first_slot(item: PreparedScenario) -> Proposal:
    """Ask for the first input of the first action that has one."""
    actions = item.sandbox.book.actions.values()
    name = next(name for it in actions for name in it.input_schema.get("properties", {}))
    return Clarification(question=f"Which {name}?", asks_for=(name,))


def never_asks(item: PreparedScenario) -> Proposal:
    """Do the right thing wherever it is not a question."""
    return PlanProposal(plan=item.golden) if item.golden else Decline(reason="No.")


def asks_by_the_book(item: PreparedScenario) -> Proposal:
    """Do the right thing; ask for the missing slots by their words."""
    wanted = item.scenario.expect.clarification
    if wanted is None:
        return never_asks(item)
    words = " and ".join((slot.words or (slot.slot,))[0] for slot in wanted.asks_for)
    names = tuple(slot.slot for slot in wanted.asks_for)
    return Clarification(question=f"Which {words or 'one'}?", asks_for=names)


def gated(answerer: Answerer) -> Verdict:
    """Run a baseline over the shipped scenarios and gate it."""
    tally = Tally()
    for item in scenarios():
        job = a_job(item.scenario.id, answerer.__name__)
        tally.add(judged(item, proposed(proposal=answerer(item)), job))
    return judge(tally.models(), RULES, comparisons={}).verdict


@pytest.mark.parametrize(
    "answerer", [asks_vaguely, asks_with_a_mark, asks_for_the_first_slot, never_asks]
)
def test_a_baseline_fails_the_gate(answerer: Answerer) -> None:
    """Asking always, asking anything and asking never are all found out."""
    assert gated(answerer) is Verdict.REGRESSION


def test_an_agent_that_asks_rightly_passes_the_gate() -> None:
    """The same gate lets the right questions through."""
    assert gated(asks_by_the_book) is Verdict.PASS


def test_the_kit_is_large_and_each_case_has_its_own_id_and_reason() -> None:
    """At least 120 cases and 40 held out, every label and every language among them."""
    every = TUNED + HELD_OUT
    ids = [case["id"] for case in every]

    assert len(TUNED) >= 120
    assert len(HELD_OUT) >= 40
    assert len(set(ids)) == len(ids)
    assert all(case["why"] for case in every)
    assert {case["label"] for case in every} == {RIGHT, *(it.value for it in QuestionFault)}
    marked = {part for name in ids for part in name.split("-")[:2]}
    assert set(LANGUAGES) <= marked
