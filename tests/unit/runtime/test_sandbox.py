"""A sandbox judges plans as production does, without storing or executing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from runtime.agent.planner import Planner, Sampling
from runtime.agent.prompt import Conversation
from runtime.domain.action import Permission
from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.domain.outcome import StepStatus
from runtime.domain.policy import Obligation, ObligationKind, PolicyDecision, PolicyReason
from runtime.domain.policy_input import PolicyInput
from runtime.domain.principal import Principal
from runtime.domain.proposal import PlanProposal
from runtime.domain.reason import ReasonCode
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage, ToolCall
from runtime.sandbox import Sandbox
from tests.builders import a_component, a_plan, a_principal, a_state, a_step, an_action

NOT_FULL = Condition(rule="state.box.value < 9", message="the box is not full")
WORLD = Environment(id="boxes", title="Boxes", description="You keep boxes.")
PLUGIN = Plugin(
    id="boxes",
    version="7",
    components=(a_component(invariants=(NOT_FULL,)), a_component(id="lid")),
    actions=(
        an_action(),
        an_action(id="box.lock@1", permission=Permission(confirmation=True, approvals=2)),
        an_action(id="lid.open@1", targets=("lid",), may_change=(), handler=lambda _, state: state),
    ),
    environments=(WORLD,),
)
SANDBOX = Sandbox.of(PLUGIN, WORLD)
LOCK = a_plan([a_step("box.lock")])


def test_a_sandbox_holds_what_its_environment_names() -> None:
    """Actions whose targets are left out are left out too."""
    narrow = Sandbox.of(PLUGIN, replace(WORLD, components=("lid",)))

    assert set(narrow.registry.components) == {"lid"}
    assert set(narrow.registry.actions) == {"lid.open@1"}
    assert set(SANDBOX.registry.actions) == {"box.put@1", "box.lock@1", "lid.open@1"}


def test_a_component_that_does_not_exist_is_told() -> None:
    """A misspelt name would leave out its actions without a word."""
    with pytest.raises(DeclarationError, match=r"'boxes' .* has no component 'lidd'"):
        Sandbox.of(PLUGIN, replace(WORLD, components=("box", "lidd")))


def test_a_sandbox_offers_only_what_is_asked_for() -> None:
    """Actions are selected by id or by name; what does not exist is an error."""
    chosen = Sandbox.of(PLUGIN, WORLD, only=("box.put", "lid.open@1"))

    assert set(chosen.registry.actions) == {"box.put@1", "lid.open@1"}
    with pytest.raises(DeclarationError, match=r"'boxes' .* it has no action 'box\.burn'"):
        Sandbox.of(PLUGIN, WORLD, only=("box.put", "box.burn"))


def test_a_sandbox_is_found_by_the_name_of_its_environment() -> None:
    """Installed plugins offer their environments by name."""
    assert Sandbox.named("counter").environment.id == "counter"


def test_runs_are_comparable_by_registry_prompt_plugin_and_policy() -> None:
    """A change of any of them makes results of two runs incomparable."""
    other = Sandbox.of(PLUGIN, replace(WORLD, description="Another.")).comparability
    same = SANDBOX.comparability

    assert same["plugin"] == "boxes@7"
    assert {key for key in same if same[key] != other[key]} == {"prompt"}


def test_a_state_is_checked_when_it_is_built() -> None:
    """Schemas and invariants hold for what a scenario starts from, too."""
    good: JsonObject = {"box": {"value": 8.0}, "lid": {"value": 0}}

    assert SANDBOX.state(good) == a_state({"box": {"value": 8}, "lid": {"value": 0}})
    with pytest.raises(DeclarationError, match="the box is not full"):
        SANDBOX.state({**good, "box": {"value": 9}})


def test_a_simulation_returns_what_would_follow() -> None:
    """The situation stays as it was."""
    situation = SANDBOX.situation()

    judgement = SANDBOX.simulate(a_plan([a_step("box.put", value=3)]), situation)

    assert judgement.outcome.status is StepStatus.DONE
    assert judgement.state.components["box"] == {"value": 3}
    assert situation == SANDBOX.situation()


@pytest.mark.parametrize(
    ("people", "code"),
    [
        pytest.param({}, None, id="everybody agrees"),
        pytest.param({"confirms": False}, ReasonCode.CONFIRMATION_REQUIRED, id="no confirmation"),
        pytest.param({"approves": False}, ReasonCode.APPROVAL_REQUIRED, id="no approval"),
        pytest.param(
            {"confirms": False, "approves": False}, ReasonCode.CONFIRMATION_REQUIRED, id="nobody"
        ),
    ],
)
def test_people_in_the_scenario_say_yes_or_no(people: JsonObject, code: ReasonCode | None) -> None:
    """Consents are given to the very plan that is judged, defaults and all."""
    outcome = SANDBOX.simulate(LOCK, replace(SANDBOX.situation(), **people)).outcome

    assert (outcome.refusal and outcome.refusal.code) == code
    used = ("confirmation:person", "approval:colleague-0", "approval:colleague-1")
    assert outcome.steps[0].consents == (() if code else used)


def test_an_unknown_action_is_refused_not_raised() -> None:
    """Policy is not asked about what does not exist."""
    outcome = SANDBOX.simulate(a_plan([a_step("box.burn")]), SANDBOX.situation()).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.ACTION_UNKNOWN


def test_decisions_and_briefings_are_kept_by_principal() -> None:
    """What one principal may do is never answered from another's."""
    viewer, operator = a_principal(roles=("viewer",)), a_principal()
    situation, plan = SANDBOX.situation(), a_plan([a_step("box.put")])

    def allowed(principal: Principal) -> PolicyDecision | None:
        (decision,) = SANDBOX.decisions(plan, replace(situation, principal=principal))
        return decision

    assert allowed(operator) is allowed(a_principal())
    assert [bool(found and found.allow) for found in map(allowed, (operator, viewer))] == [1, 0]
    assert SANDBOX.briefing(viewer) is SANDBOX.briefing(viewer)
    assert SANDBOX.briefing(viewer) is not SANDBOX.briefing(operator)


def test_a_step_is_prepared_as_the_engine_will_see_it() -> None:
    """Names are pinned and defaults are filled in."""
    assert SANDBOX.prepared(a_step("box.put")) == a_step("box.put@1", value=1)


class OneAnswer:
    """Answer every request with one call, and remember what was asked."""

    name = "double/one-answer"
    offline = True
    native_tools = True

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    async def complete(self, request: ChatRequest) -> Completion:
        """Call `box_put` with 3."""
        self.asked.append(request)
        return Completion(
            text="",
            tool_calls=(ToolCall(id="1", name="box_put", arguments='{"value": 3}'),),
            finish_reason="tool_calls",
            usage=TokenUsage(),
            cost_micros=0,
            model=self.name,
        )

    async def close(self) -> None:
        """Hold nothing."""


async def test_a_proposal_is_asked_for_with_the_situation() -> None:
    """The model sees the environment's description and state, and its answer becomes a plan."""
    model = OneAnswer()
    planner = Planner(model=model, sampling=Sampling(), monotonic_s=lambda: 0.0)

    proposed = await SANDBOX.propose(
        planner, Conversation(message="put 3"), SANDBOX.situation(), labels={"trial": "1"}
    )

    assert proposed.proposal == PlanProposal(plan=a_plan([a_step(value=3)]))
    assert "You keep boxes." in str(model.asked[0].messages)
    assert model.asked[0].labels == {"trial": "1"}


def test_a_registry_that_can_not_be_compiled_makes_no_sandbox() -> None:
    """A broken declaration is found before the first message."""
    broken = replace(PLUGIN, components=(a_component(initial_state={}), a_component(id="lid")))

    with pytest.raises(DeclarationError, match="initial state is not usable"):
        Sandbox.of(broken, WORLD)


def test_tools_can_be_shown_in_another_order() -> None:
    """The names, the registry and the tools to ask and to decline stay as they are."""
    ids = ["lid.open@1", "box.put@1", "box.lock@1"]

    twin = SANDBOX.reordered(ids)

    shown = [item["function"]["name"] for item in twin.book.tools.definitions]
    assert shown == ["lid_open", "box_put", "box_lock", "ask_clarification", "decline"]
    assert twin.book.names == SANDBOX.book.names
    assert twin.registry is SANDBOX.registry
    assert twin.briefing(WORLD.principal).book is twin.book
    assert SANDBOX.book.tools.definitions[0]["function"]["name"] == "box_lock"


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(["box.put@1"], id="one is missing"),
        pytest.param(["box.put@1", "box.put@1", "box.lock@1", "lid.open@1"], id="one twice"),
        pytest.param(["box.put@1", "box.lock@1", "lid.shut@1"], id="one is unknown"),
    ],
)
def test_an_order_names_each_tool_once(ids: list[str]) -> None:
    """A tool left out would be another registry, not another order."""
    with pytest.raises(DeclarationError, match="must name each of"):
        SANDBOX.reordered(ids)


@dataclass(slots=True, kw_only=True)
class HouseRules:
    """Stand in for rules of an organization: deny, demand and derive by the name of an action.

    Attributes:
        denied, demanded: by the name of an action.
        roles: what is derived, by the name of an action.
        asked: every question, in order.
    """

    revision: str = "sha256:house"
    denied: tuple[str, ...] = ()
    demanded: dict[str, tuple[Obligation, ...]] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[PolicyInput] = field(default_factory=list)

    def decide(self, questions: Sequence[PolicyInput]) -> tuple[PolicyDecision, ...]:
        """Answer each question."""
        self.asked += questions
        return tuple(self._decision(question) for question in questions)

    def _decision(self, question: PolicyInput) -> PolicyDecision:
        name = question.action.name
        reason = PolicyReason(code=ReasonCode.POLICY_DENIED, message="not here", remedy="go")
        return PolicyDecision(
            allow=name not in self.denied,
            obligations=self.demanded.get(name, ()),
            reasons=(reason,) if name in self.denied else (),
            roles=(*question.principal.roles, *self.roles.get(name, ())),
            revision=self.revision,
            decision_id="sha256:decision",
        )


def housed(**said: Any) -> tuple[Sandbox, HouseRules]:  # noqa: ANN401  # as the class takes
    """Build a sandbox of boxes in which house rules hold; takes what `HouseRules` takes."""
    rules = HouseRules(**said)
    return Sandbox.of(PLUGIN, WORLD, rules=rules), rules


def test_rules_are_asked_what_the_platform_asks() -> None:
    """The question holds the prepared step, the plan around it, who, where and when."""
    sandbox, rules = housed()
    plan = a_plan([a_step("box.burn"), a_step("box.put")])

    decisions = sandbox.decisions(plan, sandbox.situation())

    (question,) = rules.asked
    assert decisions[0] is None
    assert decisions[1] is not None
    assert decisions[1].revision == "sha256:house"
    assert question.inputs == {"value": 1}
    assert question.plan.model_dump() == {"index": 1, "actions": ("box.burn", "box.put@1")}
    assert question.principal.id == WORLD.principal.id
    assert question.project.model_dump() == {"id": "sandbox", "environment": "boxes"}
    assert question.time.date == "2000-01-01"


def test_a_step_is_refused_by_rules_of_an_organization() -> None:
    """The refusal says what they say."""
    sandbox, _ = housed(denied=("box.put",))

    outcome = sandbox.simulate(a_plan([a_step("box.put")]), sandbox.situation()).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.POLICY_DENIED
    assert (outcome.refusal.expected, outcome.refusal.remedy) == ("not here", "go")


def test_colleagues_are_who_an_obligation_asks_for() -> None:
    """Whoever would approve there has the role, and consents name the rules in force."""
    finance = Obligation(kind=ObligationKind.APPROVE, count=2, role="finance")
    sandbox, _ = housed(demanded={"box.put": (finance,)})
    situation, plan = sandbox.situation(), a_plan([a_step("box.put")])

    agreed = sandbox.simulate(plan, situation).outcome
    alone = sandbox.simulate(plan, replace(situation, approves=False)).outcome

    assert agreed.steps[0].consents == ("approval:colleague-0", "approval:colleague-1")
    assert alone.refusal is not None
    assert alone.refusal.code is ReasonCode.APPROVAL_REQUIRED


def test_colleagues_may_not_be_who_is_asked_for() -> None:
    """The yes of those who administer is none of finance."""
    finance = Obligation(kind=ObligationKind.APPROVE, role="finance")
    sandbox, _ = housed(demanded={"box.put": (finance,)})
    situation = replace(sandbox.situation(), approver_roles=("admin",))

    outcome = sandbox.simulate(a_plan([a_step("box.put")]), situation).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.expected == "1 approval(s) by others who are finance"


def test_a_plan_that_waits_for_approval_does_nothing() -> None:
    """Also the step before it that needs nobody, as on the platform."""
    plan = a_plan([a_step("box.put", value=3), a_step("box.lock")])

    judgement = SANDBOX.simulate(plan, replace(SANDBOX.situation(), approves=False))

    assert judgement.outcome.steps[0].status is StepStatus.ROLLED_BACK
    assert judgement.state == SANDBOX.situation().state


def test_other_rules_are_another_policy_and_nothing_else() -> None:
    """Without rules that derive roles the prompt stays as it is."""
    sandbox, _ = housed(denied=("box.put",))

    same, other = SANDBOX.comparability, sandbox.comparability

    assert other["policy"] == "sha256:house"
    assert {key for key in same if same[key] != other[key]} == {"policy"}


def test_a_model_is_told_the_roles_that_rules_derive_everywhere() -> None:
    """One that is derived for some actions only might not be there for the step that is asked."""
    everywhere = {"box.put": ("night", "hall"), "box.lock": ("night",), "lid.open": ("night",)}
    sandbox, _ = housed(roles=everywhere)

    text = sandbox.briefing(WORLD.principal).text

    assert "The person has the roles: operator, night." in text


def test_a_derived_role_lifts_what_the_shipped_rules_deny() -> None:
    """A model that is told 'not permitted' declines what rules allow."""
    derived = dict.fromkeys(("box.put", "box.lock", "lid.open"), ("operator",))
    viewer = a_principal(roles=("viewer",))
    sandbox, _ = housed(roles=derived)

    assert "Not permitted" in SANDBOX.briefing(viewer).text
    assert "Not permitted" not in sandbox.briefing(viewer).text


def test_a_twin_keeps_the_rules() -> None:
    """Another order of tools is no other policy."""
    sandbox, rules = housed()

    assert sandbox.reordered(["lid.open@1", "box.put@1", "box.lock@1"]).rules is rules
