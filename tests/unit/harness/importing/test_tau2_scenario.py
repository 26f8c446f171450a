"""Prove what a task expects, and what is kept of what it can't."""

from __future__ import annotations

import pytest

from harness.importing.tau2_scenario import (
    MOST_STEPS,
    OPENING,
    expected,
    history_of,
    kept,
    message_of,
    notes,
)
from harness.importing.tau2_tasks import Call, Task
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue

IDS = {"get_book": "call.get_book@1", "lend_book": "call.lend_book@1", "drop": "call.drop@1"}
TOLD: JsonObject = {"reason_for_call": "You want a book.", "known_info": " You are Ada. "}
PROSE = "The reader wants a book about ships and their sails."


def lend(name: str = "lend_book", **arguments: JsonValue) -> Call:
    """Build a call that compares everything."""
    return Call(name=name, arguments=arguments, compared=None)


def a_task(*calls: Call, by_user: tuple[str, ...] = (), **changes: JsonValue) -> Task:
    """Build a task."""
    content: JsonObject = {
        "id": "0",
        "user_scenario": {"instructions": TOLD},
        "evaluation_criteria": {"reward_basis": ["DB"]},
        **changes,
    }
    return Task(line=1, id="0", content=content, calls=calls, by_user=by_user)


def scoring_actions(*calls: Call) -> Task:
    """Build a task of which the benchmark scores the actions."""
    return a_task(*calls, evaluation_criteria={"reward_basis": ["DB", "ACTION"]})


def steps_of(task: Task) -> list[JsonObject]:
    """Return the required steps."""
    steps: list[JsonObject] = expected(task, IDS)["plan"]["steps"]
    return [step for step in steps if "optional" not in step]


@pytest.mark.parametrize(
    ("instructions", "said"),
    [
        pytest.param(TOLD, ["You want a book.", "You are Ada."], id="both"),
        pytest.param({**TOLD, "known_info": None}, ["You want a book."], id="a reason only"),
        pytest.param("Ask for a book.", ["Ask for a book."], id="plain text"),
    ],
)
def test_message_is_what_the_user_was_told(instructions: JsonValue, said: list[str]) -> None:
    """Word for word, with a line in front that says so."""
    task = a_task(user_scenario={"instructions": instructions})

    assert message_of(task) == "\n\n".join([OPENING, *said])


@pytest.mark.parametrize("scenario", [None, {}, {"instructions": {"reason_for_call": " "}}])
def test_task_without_a_word_is_refused(scenario: JsonValue) -> None:
    """Nobody makes up what a person would say."""
    with pytest.raises(UnusableError, match="nothing is said"):
        message_of(a_task(user_scenario=scenario))


def test_messages_before_are_history() -> None:
    """Tool messages and calls without text are not."""
    said = [
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "{}"},
    ]

    assert history_of(a_task(initial_state={"message_history": said})) == [{"user": "Hi."}]
    assert history_of(a_task(initial_state={"message_history": None})) == []
    assert history_of(a_task(initial_state=None)) == []


def test_changing_calls_are_needed_and_lookups_are_free() -> None:
    """The final database decides, which lookups leave as it is."""
    found = expected(a_task(lend("get_book", book="b"), lend(copy="c_1", days=3)), IDS)

    assert found["volatile"] == ["/journal/calls"]
    needed, *between = found["plan"]["steps"]
    assert found["plan"]["mode"] == "unordered"
    assert needed == {
        "action": "call.lend_book@1",
        "inputs": {"copy": "c_1", "days": 3},
        "as": "step_1",
    }
    lookup = {"action": "call.get_book@1", "inputs": {"$any": True}}
    assert between == [{"any_of": [lookup], "optional": True}] * (MOST_STEPS - 1)


def test_calls_about_the_same_thing_keep_their_order() -> None:
    """An id that two calls share says that their order may matter; other equal values don't."""
    calls = [lend(book_id="b", days=3), lend("drop", book_id="c", days=3), lend(book_id="b")]

    found = expected(a_task(*calls), IDS)["plan"]

    assert found["mode"] == "graph"
    assert [step.get("after") for step in found["steps"][:3]] == [None, None, ["step_1"]]


def test_values_are_exact_but_for_prose() -> None:
    """Lists and objects are literal, a sentence may be worded in any way."""
    task = a_task(lend(rows=[{"$x": 1}], who={"a": 1}, why=PROSE, n=1))

    (step,) = steps_of(task)

    assert step["inputs"] == {
        "rows": {"$literal": [{"$x": 1}]},
        "who": {"$literal": {"a": 1}},
        "why": {"$any": True, "$example": PROSE},
        "n": 1,
    }
    assert notes(task) == ["lend_book/why: not compared, because its wording is free"]


def test_without_lookups_the_calls_stand_alone() -> None:
    """Nothing may be proposed that no task calls."""
    found = expected(a_task(lend(n=1)), {"lend_book": "call.lend_book@1"})

    assert len(found["plan"]["steps"]) == 1


def test_task_without_changes_forbids_them() -> None:
    """Whatever else the agent does is right as far as the database goes."""
    task = a_task(lend("get_book", book="b"))

    assert expected(task, IDS) == {"never": ["call.lend_book@1", "call.drop@1"]}


def test_where_actions_score_all_of_them_are_needed() -> None:
    """Then the compared arguments are the named ones only."""
    some = Call(name="lend_book", arguments={"a": 1, "b": 2}, compared=("a",))

    lookup, step = steps_of(scoring_actions(lend("get_book", book="b"), some))

    assert lookup["action"] == "call.get_book@1"
    assert step["inputs"] == {"a": 1, "b": {"$any": True, "$example": 2}}
    assert steps_of(a_task(some))[0]["inputs"] == {"a": 1, "b": 2}
    assert notes(scoring_actions(Call(name="drop", arguments={"a": PROSE}, compared=()))) == []


@pytest.mark.parametrize(
    ("task", "ids", "why"),
    [
        pytest.param(a_task(by_user=("restart",)), IDS, r"by the user \(restart\)", id="user's"),
        pytest.param(a_task(*[lend(n=1)] * 11), IDS, "needs 11 calls", id="too many"),
        pytest.param(a_task(), {"get_book": "x"}, "nothing may change, but", id="no such tool"),
    ],
)
def test_what_a_plan_can_not_show_is_refused(task: Task, ids: dict[str, str], why: str) -> None:
    """The message says why."""
    with pytest.raises(UnusableError, match=why):
        expected(task, ids)


def test_ten_changes_leave_no_place_for_lookups() -> None:
    """An autonomous plan has ten steps."""
    found = expected(a_task(*[lend(n=n) for n in range(10)]), IDS)

    assert len(found["plan"]["steps"]) == MOST_STEPS


def test_what_can_not_be_scored_is_kept() -> None:
    """The provenance tells what decides in the benchmark."""
    task = a_task(
        lend(n=1),
        by_user=("restart",),
        initial_state={"x": 1},
        user_scenario={
            "instructions": {**TOLD, "task_instructions": "Insist.", "unknown_info": ""}
        },
        evaluation_criteria={
            "communicate_info": ["4"],
            "nl_assertions": [],
            "reward_basis": ["DB", "COMMUNICATE"],
        },
    )

    assert kept(task) == {
        "communicate_info": ["4"],
        "reward_basis": ["DB", "COMMUNICATE"],
        "task_instructions": "Insist.",
        "actions_of_the_user": ["restart"],
        "not_imported": ["initial_state"],
    }
    assert kept(a_task(user_scenario={"instructions": "x"})) == {"reward_basis": ["DB"]}
