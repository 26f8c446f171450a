"""A planner asks, reads, and lets the model repair what is broken, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import orjson
import pytest

from runtime.agent.parse import ParseFault
from runtime.agent.patience import Patience
from runtime.agent.planner import SHOWN_ANSWER_CHARS, Planner, Proposed, Sampling
from runtime.agent.prompt import Conversation
from runtime.domain.proposal import PlanProposal
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import NO_TOOLS, Completion, ModelError, ModelFault, TokenUsage
from runtime.sandbox import Sandbox
from tests.models.scripted import ScriptedModel, a_call, calling, saying

COUNTER: Final = Sandbox.named("counter")
LEGAL_ID: Final = re.compile(r"[a-zA-Z0-9]{9}")  # what the strictest provider takes
LEGAL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
PROSE: Final = saying("I will.")


async def now(seconds: float) -> None:
    """Wait for nothing."""


async def proposed_by(model: ScriptedModel, **settings: int | None) -> Proposed:
    """Let a model answer one message about the counter; each look at the clock takes 2 s."""
    ticks: Iterator[float] = iter(range(100, 1_000, 2))
    sampling = Sampling(patience=Patience(sleep=now), seed=settings.get("seed"))
    if settings.get("repairs") is not None:
        sampling = Sampling(patience=sampling.patience, repairs=settings["repairs"] or 0)
    return await COUNTER.propose(
        Planner(model=model, sampling=sampling, monotonic_s=lambda: next(ticks)),
        Conversation(message="Set it to three."),
        COUNTER.situation(),
        labels={"scenario": "s"},
    )


def the_steps(proposed: Proposed) -> list[tuple[str, JsonObject]]:
    """Return the steps of the proposed plan."""
    assert isinstance(proposed.proposal, PlanProposal)
    return [(step.action, step.inputs) for step in proposed.proposal.plan.steps]


GOOD: Final = calling("counter_set", value=3)


async def test_a_good_answer_needs_one_call() -> None:
    """Nothing is repaired that is not broken."""
    model = ScriptedModel.of(GOOD)

    proposed = await proposed_by(model, seed=5)

    assert the_steps(proposed) == [("counter.set@1", {"value": 3})]
    assert (proposed.calls, proposed.repairs, proposed.retries) == (1, 0, 0)
    assert proposed.answer == 'counter_set({"value":3})'
    request = model.requests[0]
    assert (request.tools, request.seed, request.labels) == (
        COUNTER.book.tools, 5, {"scenario": "s"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(PROSE, id="prose"),
        pytest.param(saying(), id="nothing"),
        pytest.param(calling("counter_burn"), id="an unknown tool"),
        pytest.param(calling("counter_set", value="three"), id="wrong inputs"),
        pytest.param(calling("counter_set", "{"), id="broken arguments"),
    ],
)
async def test_a_repaired_answer_wins(first: Completion) -> None:
    """The last answer counts, and the problems of earlier ones are gone."""
    proposed = await proposed_by(ScriptedModel.of(first, GOOD))

    assert the_steps(proposed) == [("counter.set@1", {"value": 3})]
    assert (proposed.calls, proposed.repairs, proposed.problems) == (2, 1, ())


@pytest.mark.parametrize("repairs", [0, 1, 2])
async def test_repairs_are_bounded(repairs: int) -> None:
    """A model that never learns costs a known number of calls."""
    model = ScriptedModel.of(*[PROSE] * 9)

    proposed = await proposed_by(model, repairs=repairs)

    assert (proposed.proposal, proposed.calls, proposed.repairs) == (None, repairs + 1, repairs)
    assert [problem.fault for problem in proposed.problems] == [ParseFault.NO_CALL]


async def test_a_plan_that_stays_wrong_is_kept_for_the_engine() -> None:
    """What can be read is judged by the engine, which says precisely why it is refused."""
    proposed = await proposed_by(ScriptedModel.of(*[calling("counter_burn")] * 3))

    assert the_steps(proposed) == [("?counter_burn", {})]
    assert [problem.fault for problem in proposed.problems] == [ParseFault.UNKNOWN_ACTION]


async def test_a_refusal_is_not_argued_with() -> None:
    """Who refuses is not asked again."""
    proposed = await proposed_by(ScriptedModel.of(saying(refusal="No."), GOOD))

    assert (proposed.proposal, proposed.calls) == (None, 1)


BROKEN_CALLS: Final = [
    pytest.param([a_call("counter_set", '{"value": 3')], id="arguments cut off"),
    pytest.param([a_call("counter_set", "[3]")], id="arguments that are no object"),
    pytest.param([a_call("counter_set", "")], id="no arguments"),
    pytest.param([a_call("set counter!", value=3)], id="an illegal name"),
    pytest.param([a_call("", value=3)], id="no name"),
    pytest.param([a_call("x" * 65, value=3)], id="a long name"),
    pytest.param([a_call("\ud800", '"\ud800"')], id="half characters"),
    pytest.param([a_call("counter_burn", value=3)] * 2, id="one id twice"),
    pytest.param([a_call("counter_burn", value=3)] * 101, id="too many calls"),
    pytest.param([a_call("counter_set", note="x" * 100_000)], id="huge arguments"),
]


@pytest.mark.parametrize("calls", BROKEN_CALLS)
@pytest.mark.parametrize("text", ["", "Doing it \ud800."])
async def test_a_repair_is_legal_for_providers(calls: list[object], text: str) -> None:
    """Each repeated call has a legal name, sound arguments, a unique id and one answer."""
    broken = saying(text, calls=calls, finish_reason="tool_calls")  # type: ignore[arg-type]  # a table
    model = ScriptedModel.of(broken, broken, GOOD)

    await proposed_by(model)

    thread = model.requests[-1].messages
    assert orjson.dumps(thread)  # no half character is left
    ids: list[str] = []
    for index, message in enumerate(thread):
        if message["role"] != "assistant":
            continue
        asked = [call["id"] for call in message["tool_calls"]]
        answers = thread[index + 1 : index + 1 + len(asked)]
        assert [answer["tool_call_id"] for answer in answers] == asked
        assert {answer["role"] for answer in answers} == {"tool"}
        assert all(isinstance(answer["content"], str) for answer in answers)
        for function in (call["function"] for call in message["tool_calls"]):
            assert LEGAL_NAME.fullmatch(function["name"])
            assert isinstance(orjson.loads(function["arguments"]), dict)
        ids += asked
    assert len(ids) == len(set(ids))
    assert all(LEGAL_ID.fullmatch(item) for item in ids)
    assert len(thread) < 40


async def test_a_repair_tells_what_was_wrong() -> None:
    """The complaint stands in the answer to the first call; the call is repeated as it was."""
    model = ScriptedModel.of(calling("counter_set", value="three"), GOOD)

    await proposed_by(model)

    assistant, tool = model.requests[-1].messages[-2:]
    assert assistant["content"] is None
    assert assistant["tool_calls"][0]["function"] == {
        "name": "counter_set",
        "arguments": '{"value":"three"}',
    }
    assert tool["content"].startswith("Not usable: counter_set: input '/value': ")
    assert tool["content"].endswith("Answer anew, in full.")


async def test_a_complaint_names_each_problem_once_and_few_of_them() -> None:
    """A hundred broken calls do not cost a hundred complaints."""
    calls = [a_call(f"burn_{number % 50}") for number in range(100)]
    model = ScriptedModel.of(saying(calls=calls), GOOD)

    await proposed_by(model)

    told = [item["content"] for item in model.requests[-1].messages if item["role"] == "tool"]
    assert told[0].count("there is no tool") == 5
    assert told[1:] == ["Not used."] * 7


@pytest.mark.parametrize(
    ("answer", "repeated"),
    [
        pytest.param(PROSE, "I will.", id="prose"),
        pytest.param(saying(), "(no answer)", id="nothing"),
        pytest.param(saying("y" * 9_000), "y" * SHOWN_ANSWER_CHARS, id="a long answer"),
        pytest.param(calling("burn"), "burn({})", id="a call that it had no tools for"),
    ],
)
async def test_a_model_without_tools_is_corrected_in_text(
    answer: Completion, repeated: str
) -> None:
    """It never meets a message form that it does not know."""
    good = saying('{"steps": [{"action": "counter_set", "inputs": {"value": 3}}]}')
    model = ScriptedModel.of(answer, good, native_tools=False)

    proposed = await proposed_by(model)

    assistant, user = model.requests[-1].messages[-2:]
    assert assistant == {"role": "assistant", "content": repeated}
    assert (user["role"], user["content"][:12]) == ("user", "Not usable: ")
    assert model.requests[0].tools == NO_TOOLS
    assert "You have no tools here." in model.requests[0].messages[0]["content"]
    assert the_steps(proposed) == [("counter.set@1", {"value": 3})]


async def test_usage_cost_and_retries_add_up() -> None:
    """Every completion is paid for, the broken ones too; a fault costs nothing."""
    busy = ModelError(ModelFault.RATE_LIMITED, model="m", detail="busy")
    model = ScriptedModel.of(busy, PROSE, busy, busy, GOOD)

    proposed = await proposed_by(model)

    assert proposed.usage == TokenUsage(prompt=20, completion=6, cached=2)
    assert (proposed.cost_micros, proposed.calls, proposed.retries) == (20, 2, 3)


@pytest.mark.parametrize("prices", [(None, 10), (10, None), (None, None)])
async def test_one_unknown_price_makes_the_sum_unknown(prices: tuple[int | None, ...]) -> None:
    """A sum that left something out would be a lie."""
    answers = (saying("prose", cost_micros=prices[0]), saying("prose", cost_micros=prices[1]))

    assert (await proposed_by(ScriptedModel.of(*answers), repairs=1)).cost_micros is None


async def test_the_model_that_answered_last_is_reported() -> None:
    """A router may answer with another model than the one that was asked."""
    model = ScriptedModel.of(saying("prose", model="a"), saying("prose", model="b"))

    assert (await proposed_by(model, repairs=1)).model == "b"


async def test_latency_comes_from_the_given_clock() -> None:
    """From the message to the proposal: two looks at the clock, 2 s apart."""
    assert (await proposed_by(ScriptedModel.of(PROSE, GOOD))).latency_s == 2


async def test_a_fault_that_outlasts_patience_is_raised() -> None:
    """No answer is no proposal."""
    model = ScriptedModel.of(ModelError(ModelFault.UNAUTHORIZED, model="m", detail="no key"))

    with pytest.raises(ModelError, match="no key"):
        await proposed_by(model)


async def test_dropped_authority_is_reported() -> None:
    """People see what the model tried to claim."""
    proposed = await proposed_by(ScriptedModel.of(calling("counter_set", value=3, confirmed=True)))

    assert (proposed.dropped, proposed.problems) == (("counter.set.confirmed",), ())
