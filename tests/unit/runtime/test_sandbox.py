"""A sandbox judges plans as production does, without storing or executing anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.agent.planner import Planner, Sampling
from runtime.agent.prompt import Conversation
from runtime.domain.action import Permission
from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.domain.outcome import StepStatus
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
    action = SANDBOX.registry.action("box.put")

    assert SANDBOX.decide(action, operator).allow
    assert not SANDBOX.decide(action, viewer).allow
    assert SANDBOX.decide(action, operator) is SANDBOX.decide(action, a_principal())
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
