"""Rules of an organization are tried as an upload is, and asked from plain functions."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pytest
from typing_extensions import override

from runtime.bootstrap.own_rules import OwnModules, RulesDesk
from runtime.domain.errors import PolicyRefusedError, PolicyUncheckableError
from runtime.domain.plan import Plan, Step
from runtime.domain.policy import PolicyDecision
from runtime.domain.policy_input import PolicyInput, PolicyProject, policy_input
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, revision_of
from runtime.domain.reason import ReasonCode
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyFault, PolicyFaultError
from runtime.sandbox.rules import StepRules
from tests.builders import a_principal, an_action

THREAD: Final = "plangate-rules"
ORGANIZATION: Final = PolicyModule(
    path="money.rego",
    text="""\
package tenant.organization

import rego.v1

deny contains {"message": "less", "remedy": "take less"} if input.inputs.value > 5

roles contains "finance" if input.principal.claims.department == "finance"
""",
)
PROJECT: Final = PolicyModule(
    path="desk.rego",
    text="""\
package tenant.project

import rego.v1

import data.tenant.organization

deny contains {"message": "not so few", "remedy": "take more"} if {
	held := organization.roles
	not "finance" in held
	input.inputs.value < 2
}
""",
)


def a_test_of(level: str, claim: str) -> PolicyModule:
    """Build a module with one test."""
    text = f"package tenant.{level}_test\n\nimport rego.v1\n\ntest_it if {claim}\n"
    return PolicyModule(path=f"{level}_test.rego", text=text)


OWN: Final = OwnModules(
    organization=(
        ORGANIZATION,
        a_test_of(
            "organization",
            'count(data.tenant.organization.deny) == 1 with input as {"inputs": {"value": 6}}',
        ),
    ),
    project=(
        PROJECT,
        a_test_of(
            "project",
            'count(data.tenant.project.deny) == 1 with input as {"inputs": {"value": 1}}',
        ),
    ),
)


def a_question(value: int = 3, *, hour: int = 9) -> PolicyInput:
    """Ask about `box.put` of a value."""
    return policy_input(
        Plan(steps=(Step(action="box.put@1", inputs={"value": value}),)),
        0,
        action=an_action(),
        principal=a_principal(),
        project=PolicyProject(id="sandbox", environment="boxes"),
        now=datetime(2026, 3, 2, hour, tzinfo=UTC),
    )


@dataclass(slots=True, kw_only=True)
class Answers:
    """Answer in place of an engine: the next of what is given, else that all is allowed.

    Attributes:
        asked: the inputs of each call, in order.
    """

    given: list[JsonValue | PolicyFaultError] = field(default_factory=list)
    raised: list[PolicyFaultError] = field(default_factory=list)
    asked: list[list[JsonObject]] = field(default_factory=list)
    closed: int = 0
    remembers: bool = True

    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Answer each input."""
        assert unit.modules[: len(shipped_modules())] == shipped_modules()
        self.asked.append(list(inputs))
        if self.raised:
            raise self.raised.pop(0)
        allowed: JsonObject = {"allow": True, "denials": [], "obligations": [], "roles": []}
        return [self.given.pop(0) if self.given else allowed for _ in inputs]

    async def ready(self) -> None:
        """Be ready."""

    async def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture(scope="module")
def rules() -> Iterator[StepRules]:
    """Open the rules above in a real engine."""
    desk = RulesDesk()
    yield desk.open(OWN)
    desk.close()


def opened(answers: Answers, own: OwnModules = OWN) -> tuple[RulesDesk, StepRules]:
    """Open rules that a double answers for; they are tried in a real engine."""
    desk = RulesDesk(open_evaluator=lambda: answers)
    return desk, desk.open(own)


def threads() -> set[threading.Thread]:
    """Return the threads of desks."""
    return {thread for thread in threading.enumerate() if thread.name == THREAD}


def codes(decisions: Sequence[PolicyDecision]) -> list[list[str]]:
    """Return the messages of the reasons of each decision."""
    return [[reason.message for reason in found.reasons] for found in decisions]


def test_both_levels_and_the_shipped_rules_decide(rules: StepRules) -> None:
    """A step that neither denies is allowed, with the roles that were derived."""
    decisions = rules.decide([a_question(3), a_question(6), a_question(1)])

    assert codes(decisions) == [[], ["less"], ["not so few"]]
    assert [found.allow for found in decisions] == [True, False, False]
    assert {found.revision for found in decisions} == {rules.revision}


def test_the_revision_is_that_of_the_platform(rules: StepRules) -> None:
    """Shipped modules, then the organization's, then the project's, each below its folder."""
    placed = (
        PolicyModule(path="organization/money.rego", text=ORGANIZATION.text),
        PolicyModule(path="project/desk.rego", text=PROJECT.text),
    )

    assert rules.revision == revision_of((*shipped_modules(), *placed))


def test_equal_questions_are_asked_once() -> None:
    """What rules can't read makes no other question: these do not look at the time."""
    answers = Answers()
    desk, rules = opened(answers)

    first = rules.decide([a_question(3), a_question(3), a_question(4)])
    again = rules.decide([a_question(4, hour=17), a_question(3)])

    assert [len(inputs) for inputs in answers.asked] == [2]
    assert (first[0], first[2]) == (again[1], again[0])
    assert "time" not in answers.asked[0][0]
    desk.close()


@pytest.mark.parametrize("fault", [PolicyFault.SLOW, PolicyFault.DOWN])
@pytest.mark.parametrize("whole", [True, False], ids=["nothing came", "one had no answer"])
def test_a_machine_that_does_not_answer_is_told_and_not_remembered(
    *, fault: PolicyFault, whole: bool
) -> None:
    """It says nothing of the plan, so it must not count against who proposed it."""
    error = PolicyFaultError(fault, "too busy")
    answers = Answers(raised=[error] if whole else [], given=[] if whole else [error])
    desk, rules = opened(answers)

    with pytest.raises(PolicyUncheckableError, match="too busy"):
        rules.decide([a_question()])

    assert rules.decide([a_question()])[0].allow
    desk.close()


def test_rules_that_fail_deny() -> None:
    """As on the platform: what rules do to themselves is theirs."""
    failed = PolicyFaultError(PolicyFault.FAILED, "at a line")
    answers = Answers(given=[failed, {"allow": "yes"}])
    desk, rules = opened(answers)

    decisions = rules.decide([a_question(3), a_question(4)])

    assert [found.reasons[0].code for found in decisions] == [
        ReasonCode.POLICY_FAILED,
        ReasonCode.POLICY_MALFORMED,
    ]
    desk.close()


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        pytest.param(OwnModules(organization=(ORGANIZATION,)), "there is no test", id="no test"),
        pytest.param(
            OwnModules(organization=(ORGANIZATION, a_test_of("organization", "1 == 2"))),
            "test_it failed",
            id="a test that fails",
        ),
        pytest.param(
            OwnModules(project=OWN.organization), "package", id="the package of another level"
        ),
        pytest.param(
            OwnModules(
                organization=(
                    PolicyModule(
                        path="a.rego", text="package tenant.organization\nx := http.send({})\n"
                    ),
                )
            ),
            "http.send",
            id="a call that may not be",
        ),
        pytest.param(
            OwnModules(organization=OWN.organization, project=(PROJECT,)),
            "there is no test",
            id="the project's have no test",
        ),
    ],
)
def test_what_an_upload_refuses_is_refused(own: OwnModules, problem: str) -> None:
    """A scenario must not be judged by rules that a platform would never serve."""
    desk = RulesDesk()

    with pytest.raises(PolicyRefusedError) as caught:
        desk.open(own)

    assert any(problem in told for told in caught.value.problems)
    desk.close()


def test_nothing_runs_before_the_first_rules() -> None:
    """Who has no rules of their own pays nothing, and closing twice is closing once."""
    before = threads()
    desk = RulesDesk()

    assert threads() == before
    desk.close()
    desk.close()
    with pytest.raises(PolicyFaultError, match="closed"):
        desk.open(OWN)


def test_a_desk_that_is_dropped_ends_what_it_started() -> None:
    """Nobody has to remember to close it."""
    answers, before = Answers(), threads()
    desk, rules = opened(answers)
    rules.decide([a_question()])
    begun = threads() - before

    del desk, rules
    gc.collect()

    assert answers.closed == 1
    assert [thread.is_alive() for thread in begun] == [False]


def test_a_desk_may_be_dropped_in_its_own_thread() -> None:
    """The collector runs wherever it likes; a thread that waits for itself waits for ever."""
    held: list[RulesDesk] = []
    dropped = threading.Event()
    answers, before = Dropping(held=held, dropped=dropped), threads()
    desk, rules = opened(answers)
    held.append(desk)
    rules.decide([a_question()])
    (thread,) = threads() - before

    del desk, rules
    dropped.set()
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert answers.closed == 1


@dataclass(slots=True, kw_only=True)
class Dropping(Answers):
    """Let go of what is held, in the thread that answers, once nobody else holds it."""

    held: list[RulesDesk]
    dropped: threading.Event

    @override
    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        loop = asyncio.get_running_loop()

        def drop() -> None:
            if self.dropped.is_set():
                self.held.clear()
            else:
                loop.call_soon(drop)

        loop.call_soon(drop)
        return await Answers.decide(self, unit, inputs)
