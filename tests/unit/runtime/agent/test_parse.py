"""Completions become proposals, or typed problems that say what to mend."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.agent.parse import AUTHORITY_WORDS, CALL_LIMIT, ParseFault, Reading, read
from runtime.agent.tools import ASK, DECLINE, ToolBook
from runtime.domain.action import Permission, Visibility
from runtime.domain.proposal import Clarification, Decline, PlanProposal
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import Completion
from tests.builders import a_registry, an_action
from tests.models.scripted import a_call, calling, saying

OPEN_ACTION = an_action(id="box.open@1", input_schema={"type": "object"})
BOOK = ToolBook.of(a_registry(an_action(), OPEN_ACTION).actions.values())


def steps_of(reading: Reading) -> list[tuple[str, JsonObject]]:
    """Return the steps of a plan that was read."""
    assert isinstance(reading.proposal, PlanProposal)
    return [(step.action, step.inputs) for step in reading.proposal.plan.steps]


def faults_of(reading: Reading) -> list[ParseFault]:
    """Return the faults, in order."""
    return [problem.fault for problem in reading.problems]


def in_text(document: JsonValue) -> Completion:
    """Answer in JSON text."""
    return saying(orjson.dumps(document).decode())


DEEP = '{"value": ' + "[" * 200 + "]" * 200 + "}"
TWO = (a_call("box_put", value=1), a_call("box_put", value=2))
NO_PROPOSAL = [
    pytest.param(saying(" \n"), ParseFault.EMPTY, id="nothing said"),
    pytest.param(saying(refusal="I won't."), ParseFault.REFUSED, id="refused"),
    pytest.param(saying(finish_reason="content_filter"), ParseFault.REFUSED, id="filtered"),
    pytest.param(saying("Sure, I will do it."), ParseFault.NO_CALL, id="plain prose"),
    pytest.param(
        calling("box_put", DEEP), ParseFault.MALFORMED, id="nested deeper than steps may be"
    ),
    pytest.param(
        saying('{"kind": "pl', finish_reason="length"), ParseFault.TRUNCATED, id="text cut off"
    ),
    pytest.param(
        saying('<think>Or {"kind": "plan", "steps": []}? No', finish_reason="length"),
        ParseFault.TRUNCATED,
        id="text cut off behind a draft",
    ),
    pytest.param(
        saying(calls=TWO, finish_reason="length"), ParseFault.TRUNCATED, id="calls cut off"
    ),
    pytest.param(saying(calls=TWO * 51), ParseFault.TOO_MANY_CALLS, id="more calls than are read"),
    pytest.param(
        in_text({"steps": [{"action": "box.put"}] * 101}),
        ParseFault.TOO_MANY_CALLS,
        id="more steps than are read",
    ),
    pytest.param(
        calling("box_put", '{"value": 1'), ParseFault.ARGUMENTS_NOT_JSON, id="broken JSON"
    ),
    pytest.param(
        calling("box_put", '{"value": NaN}'), ParseFault.ARGUMENTS_NOT_JSON, id="not a number"
    ),
    pytest.param(
        calling("box_put", '{"value": 1, "value": 9}'),
        ParseFault.ARGUMENTS_NOT_JSON,
        id="a repeated key",
    ),
    pytest.param(
        calling("box_put", '{"value":' * 300 + "1" + "}" * 300),
        ParseFault.ARGUMENTS_NOT_JSON,
        id="nested too deep",
    ),
    pytest.param(
        calling("box_put", '"' + "x" * 100_000 + '"'), ParseFault.MALFORMED, id="huge arguments"
    ),
    pytest.param(calling("box_put", "[1]"), ParseFault.ARGUMENTS_NOT_OBJECT, id="a list"),
    pytest.param(calling("box_put", "null"), ParseFault.ARGUMENTS_NOT_OBJECT, id="null"),
    pytest.param(
        in_text({"steps": [{"action": "box.put", "inputs": 3}]}),
        ParseFault.ARGUMENTS_NOT_OBJECT,
        id="inputs that are no object",
    ),
    pytest.param(in_text({"steps": ["box.put"]}), ParseFault.MALFORMED, id="a step that is text"),
    pytest.param(in_text({"steps": [{"action": 3}]}), ParseFault.MALFORMED, id="no action name"),
    pytest.param(in_text({"kind": "plan"}), ParseFault.MALFORMED, id="a plan without steps"),
    pytest.param(in_text({"kind": "order", "steps": []}), ParseFault.MALFORMED, id="unknown kind"),
    pytest.param(in_text({"kind": ["plan"]}), ParseFault.MALFORMED, id="a kind that is a list"),
    pytest.param(
        saying(calls=[a_call("box_put", value=1), a_call(ASK, question="Which?", asks_for=[])]),
        ParseFault.MIXED,
        id="a question beside a step",
    ),
    pytest.param(
        saying('{"steps": []} {"kind": "decline", "reason": "no"}'),
        ParseFault.MIXED,
        id="two answers in one text",
    ),
    pytest.param(calling("\ud800", value=1), None, id="half a character is a name like another"),
]


@pytest.mark.parametrize(("completion", "fault"), NO_PROPOSAL)
def test_what_can_not_be_used_is_named(completion: Completion, fault: ParseFault | None) -> None:
    """Each way to fail has its own fault and a detail that can be sent to any provider."""
    reading = read(completion, BOOK)

    assert faults_of(reading) == [fault or ParseFault.UNKNOWN_ACTION]
    assert (reading.proposal is None) is (fault is not None)
    detail = reading.problems[0].detail
    assert detail.encode()
    assert len(detail) < 1_000


def test_every_fault_has_a_case() -> None:
    """A new fault needs a line in the tables above and below."""
    with_proposal = {ParseFault.UNKNOWN_ACTION, ParseFault.INPUTS_INVALID}

    assert {case.values[1] for case in NO_PROPOSAL} - {None} == set(ParseFault) - with_proposal


@pytest.mark.parametrize(
    "completion",
    [
        pytest.param(calling("box_put", value=3), id="tool call"),
        pytest.param(calling(" box_put\n", value=3), id="a name with white space"),
        pytest.param(calling("box.put@1", value=3), id="the action's id"),
        pytest.param(calling("box_put", '{"value": 3.0}'), id="a whole float is an integer"),
        pytest.param(saying('{"steps":[{"action":"box_put","inputs":{"value":3}}]}'), id="JSON"),
        pytest.param(
            saying('Sure:\n```json\n{"kind": "plan", "steps": [{"action": "box_put", "inputs": '
                   '{"value": 3}}]}\n```'),
            id="fenced text",
        ),
        pytest.param(
            saying('{"kind": "decline", "reason": "no"}', calls=[a_call("box_put", value=3)]),
            id="calls win over text",
        ),
    ],
)  # fmt: skip
def test_a_plan_is_read(completion: Completion) -> None:
    """However it is spelled, the plan is the same."""
    assert read(completion, BOOK) == read(calling("box_put", value=3), BOOK)
    assert steps_of(read(completion, BOOK)) == [("box.put@1", {"value": 3})]


def test_calls_keep_their_order_up_to_the_limit() -> None:
    """A hundred calls are a hundred steps."""
    calls = [a_call("box_put", value=number) for number in range(CALL_LIMIT)]

    steps = steps_of(read(saying(calls=calls), BOOK))

    assert [inputs["value"] for _, inputs in steps] == list(range(CALL_LIMIT))


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_a_call_without_arguments_has_no_inputs(arguments: str) -> None:
    """Some providers leave the text empty when there is nothing to say."""
    assert steps_of(read(calling("box_put", arguments), BOOK)) == [("box.put@1", {})]


@pytest.mark.parametrize("name", ["box_burn", "", "box.put@9", "../../etc/passwd", "x" * 500])
def test_an_unknown_action_keeps_the_plan_and_is_reported(name: str) -> None:
    """The engine will refuse it; the model is told which tools there are."""
    reading = read(saying(calls=[a_call("box_put", value=1), a_call(name, value=2)]), BOOK)

    assert steps_of(reading) == [("box.put@1", {"value": 1}), (f"?{name[:199]}", {"value": 2})]
    assert faults_of(reading) == [ParseFault.UNKNOWN_ACTION]
    assert "use one of box_open, box_put." in reading.problems[0].detail


@pytest.mark.parametrize("name", ["box.wipe@1", "box.wipe", "box.put@1"])
def test_what_was_not_offered_resolves_to_no_action(name: str) -> None:
    """Hidden actions and old versions stay out of reach, also for an admin's model."""
    hidden = an_action(id="box.wipe@1", permission=Permission(visibility=Visibility.DEVELOPER))
    compiled = a_registry(an_action(), an_action(id="box.put@2"), hidden)
    book = ToolBook.of(compiled.actions[item.id] for item in compiled.registry.visible())

    reading = read(saying(calls=[a_call(name, value=1)]), book)

    assert faults_of(reading) == [ParseFault.UNKNOWN_ACTION]
    assert [compiled.find(action) for action, _ in steps_of(reading)] == [None]


@pytest.mark.parametrize(
    ("inputs", "detail"),
    [
        pytest.param({"value": "ten"}, "box_put: input '/value': ", id="wrong type"),
        pytest.param({"value": 1, "hue": "red"}, "box_put: inputs: ", id="undeclared input"),
    ],
)
def test_inputs_that_break_the_schema_keep_the_plan_and_are_reported(
    inputs: JsonObject, detail: str
) -> None:
    """The place and the reason are told; the plan stays as the model meant it."""
    reading = read(calling("box_put", **inputs), BOOK)

    assert steps_of(reading) == [("box.put@1", inputs)]
    assert faults_of(reading) == [ParseFault.INPUTS_INVALID]
    assert reading.problems[0].detail.startswith(detail)


def test_the_problems_of_one_call_are_few() -> None:
    """A call with fifty wrong inputs does not fill the next request."""
    schema = {"type": "object", "properties": {f"n{i}": {"type": "integer"} for i in range(50)}}
    book = ToolBook.of(a_registry(an_action(input_schema=schema)).actions.values())

    reading = read(calling("box_put", json.dumps({f"n{i}": "x" for i in range(50)})), book)

    assert faults_of(reading) == [ParseFault.INPUTS_INVALID] * 3


def test_an_action_whose_id_is_too_long_for_a_step_is_reported() -> None:
    """A declaration that no plan can name is a problem of the answer, never a crash."""
    book = ToolBook.of(a_registry(an_action(id=f"box.{'b' * 200}@1")).actions.values())

    assert faults_of(read(calling(*book.actions), book)) == [ParseFault.MALFORMED]


@pytest.mark.parametrize(
    ("arguments", "question", "asks_for", "choices"),
    [
        pytest.param(
            {"question": "Which?", "asks_for": ["ticket"], "choices": ["t_1", "t_2"]},
            "Which?", ("ticket",), ("t_1", "t_2"), id="as declared",
        ),
        pytest.param(
            {"question": " Which? ", "asks_for": "ticket", "choices": None},
            "Which?", ("ticket",), (), id="one text instead of a list, null",
        ),
        pytest.param(
            {"question": "Which?", "choices": [5, 2.5, True]},
            "Which?", (), ("5", "2.5", "true"), id="choices that are no text",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["call", "text"])
def test_a_question_is_read(
    form: str,
    arguments: JsonObject,
    question: str,
    asks_for: tuple[str, ...],
    choices: tuple[str, ...],
) -> None:
    """Questions are read leniently: nothing runs because of them."""
    answer = (
        calling(ASK, **arguments)
        if form == "call"
        else in_text({"kind": "clarification", **arguments})
    )

    assert read(answer, BOOK).proposal == Clarification(
        question=question, asks_for=asks_for, choices=choices
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, id="no question"),
        pytest.param({"question": "  "}, id="a blank question"),
        pytest.param({"question": None}, id="null"),
        pytest.param({"question": ["Which?"]}, id="a question that is a list"),
        pytest.param({"question": "Which?", "asks_for": {"ticket": 1}}, id="asks for an object"),
        pytest.param({"question": "Which?", "asks_for": [None]}, id="asks for null"),
        pytest.param({"question": "Which?", "asks_for": [["ticket"]]}, id="asks for lists"),
        pytest.param({"question": "Which?", "choices": ["x"] * 101}, id="too many choices"),
        pytest.param({"question": "Which?", "choices": ["x" * 4_001]}, id="a huge choice"),
        pytest.param({"question": "x" * 4_001}, id="a huge question"),
    ],
)
def test_a_malformed_question_is_named(arguments: JsonObject) -> None:
    """The model is told to ask properly."""
    reading = read(calling(ASK, **arguments), BOOK)

    assert faults_of(reading) == [ParseFault.MALFORMED]
    assert reading.problems[0].detail.startswith("clarification is malformed: ")


def test_a_decline_is_read() -> None:
    """A reason is all that it takes, in a call or in text."""
    expected = Decline(reason="Not allowed.")

    assert read(calling(DECLINE, reason="Not allowed."), BOOK).proposal == expected
    assert read(in_text({"kind": "decline", "reason": "Not allowed."}), BOOK).proposal == expected
    assert faults_of(read(calling(DECLINE, reason=3), BOOK)) == [ParseFault.MALFORMED]


@pytest.mark.parametrize("word", sorted(AUTHORITY_WORDS))
@pytest.mark.parametrize("action", ["box.open", "box.burn"])
def test_claimed_authority_is_dropped_and_reported(word: str, action: str) -> None:
    """No schema declares it, so it never reaches a step; known or unknown action alike."""
    reading = read(calling(action, json.dumps({word: True, "value": 1})), BOOK)

    assert [inputs for _, inputs in steps_of(reading)] == [{"value": 1}]
    assert reading.dropped == (f"{action}.{word}",)


@pytest.mark.parametrize("word", sorted(AUTHORITY_WORDS))
def test_a_declared_input_of_such_a_name_stays(word: str) -> None:
    """An action that really has an input named `mode` gets it."""
    schema = {"type": "object", "properties": {word: {"type": "boolean"}}}
    book = ToolBook.of(a_registry(an_action(input_schema=schema)).actions.values())

    reading = read(calling("box_put", json.dumps({word: True})), book)

    assert steps_of(reading) == [("box.put@1", {word: True})]
    assert (reading.dropped, reading.problems) == ((), ())


@given(
    word=st.sampled_from(sorted(AUTHORITY_WORDS)),
    upper=st.lists(st.booleans(), min_size=40, max_size=40),
    between=st.sampled_from(["_", "-", " ", ".", ""]),
    wide=st.booleans(),
)
def test_no_spelling_smuggles_authority_in(
    word: str, upper: list[bool], between: str, *, wide: bool
) -> None:
    """Case, separators and look-alike characters make no difference."""
    letters = (char.upper() if up else char for char, up in zip(word, upper, strict=False))
    key = "".join(letters).replace("_", between)
    if wide:
        key = "".join(chr(ord(char) + 0xFEE0) if char.isalpha() else char for char in key)

    reading = read(calling("box_open", json.dumps({key: True})), BOOK)

    assert steps_of(reading) == [("box.open@1", {})]
    assert reading.dropped == (f"box.open.{key}",)


def test_authority_beside_the_inputs_is_reported_too() -> None:
    """A document or a step that claims a mode gets none, and people see that it tried."""
    step = {"action": "box.put", "inputs": {"value": 1}, "confirmed": True}
    document = {"kind": "plan", "mode": "autonomous", "steps": [step]}

    reading = read(in_text(document), BOOK)

    assert steps_of(reading) == [("box.put@1", {"value": 1})]
    assert reading.dropped == ("mode", "box.put.confirmed")
    assert read(calling(ASK, question="Which?", role="admin"), BOOK).dropped == ("role",)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["box_put", ASK, DECLINE, "none"]),
)
def test_no_arguments_crash_the_reader(value: JsonValue, name: str) -> None:
    """Whatever a model writes, NaN and half characters included, there is a reading of it."""
    spelled = json.dumps(value)

    for completion in (
        calling(name, spelled),
        saying(f'{{"kind": {spelled}, "steps": {spelled}}}'),
    ):
        reading = read(completion, BOOK)
        assert reading.proposal is not None or reading.problems
