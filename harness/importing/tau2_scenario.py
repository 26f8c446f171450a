"""Write a τ²-bench task as a scenario: a one-turn reading of what was made as a dialogue.

In the benchmark the reference actions are one way among several: the final database decides. Here
the calls that change something must be there, each once and with its arguments, and others may
stand anywhere between them. Where the benchmark scores the actions, all of them must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.importing.bfcl_scenario import JOURNAL
from harness.importing.tau2_tasks import Call, Task, changes_state
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue, canonical_text

MOST_STEPS: Final = 10
"""How many steps an autonomous plan may have."""

FREE_TEXT_WORDS: Final = 8
"""A text of so many words is prose, whose wording nobody can foretell."""

OPENING: Final = "This is the matter that I am calling about, in the words that I was given:"

_KEPT: Final = ("communicate_info", "nl_assertions", "env_assertions", "reward_basis")
_TOLD_LATER: Final = ("task_instructions", "unknown_info")


def message_of(task: Task) -> str:
    """Return what the person says: the reason for the call and what is known, word for word.

    Raises:
        UnusableError: the user scenario tells neither.
    """
    scenario = task.content.get("user_scenario")
    told = scenario.get("instructions") if isinstance(scenario, dict) else None
    parts = [told]
    if isinstance(told, dict):
        parts = [told.get("reason_for_call"), told.get("known_info")]
    said = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
    if not said:
        raise UnusableError(
            "its user scenario has no instructions with a 'reason_for_call', so nothing is said"
        )
    return "\n\n".join([OPENING, *said])


def history_of(task: Task) -> list[JsonObject]:
    """Return what was said before, which a task's initial state may hold."""
    state = task.content.get("initial_state")
    messages = state.get("message_history") if isinstance(state, dict) else None
    return [
        {message["role"]: message["content"]}
        for message in messages or ()
        if message.get("role") in {"user", "assistant"} and message.get("content")
    ]


def expected(task: Task, ids: Mapping[str, str]) -> JsonObject:
    """Return what must come of it.

    Args:
        task: the task.
        ids: the action of each tool that the file's tasks call, by the tool's name.

    Raises:
        UnusableError: a plan can't show it.
    """
    calls = required_calls(task)
    if not calls:
        return _nothing_changes(task, ids)
    if len(calls) > MOST_STEPS:
        raise UnusableError(f"it needs {len(calls)} calls, a plan has {MOST_STEPS} at most")
    steps = [_step(task, at, ids=ids) for at in range(len(calls))]
    harmless = [action for name, action in ids.items() if not changes_state(name)]
    between = [_anything_of(harmless)] * (MOST_STEPS - len(steps)) if harmless else []
    ordered = any("after" in step for step in steps)
    return {
        "plan": {"mode": "graph" if ordered else "unordered", "steps": [*steps, *between]},
        "volatile": [JOURNAL],
    }


def required_calls(task: Task) -> tuple[Call, ...]:
    """Return the calls that must be there: those that change something, or all where they score."""
    return task.calls if _actions_score(task) else tuple(c for c in task.calls if c.changes)


def kept(task: Task) -> JsonObject:
    """Return what decides in the benchmark but can't here, so that nothing is lost."""
    criteria: JsonObject = task.content["evaluation_criteria"]
    told = task.content["user_scenario"]["instructions"]
    found = {name: criteria[name] for name in _KEPT if criteria.get(name)}
    if isinstance(told, dict):
        found |= {name: told[name] for name in _TOLD_LATER if told.get(name)}
    if task.by_user:
        found["actions_of_the_user"] = list(task.by_user)
    if task.content.get("initial_state"):
        found["not_imported"] = ["initial_state"]
    return found


def notes(task: Task) -> list[str]:
    """Return which arguments are not compared although the benchmark compares them."""
    return [
        f"{call.name}/{name}: not compared, because its wording is free"
        for call in required_calls(task)
        for name, value in call.arguments.items()
        if _compared(task, call, name) and _is_prose(value)
    ]


def _nothing_changes(task: Task, ids: Mapping[str, str]) -> JsonObject:
    """Forbid every change: whatever else the agent does leads to the same database."""
    if task.by_user:
        raise UnusableError(
            f"all that changes something is done by the user ({', '.join(task.by_user)}), and a "
            "plan holds what the agent does"
        )
    forbidden = [action for name, action in ids.items() if changes_state(name)]
    if not forbidden:
        raise UnusableError("nothing may change, but no task of its file calls a tool that could")
    return {"never": forbidden}


def _step(task: Task, at: int, *, ids: Mapping[str, str]) -> JsonObject:
    """Expect a call; where an earlier one names the same thing, it comes after that."""
    calls = required_calls(task)
    call = calls[at]
    step: JsonObject = {
        "action": ids[call.name],
        "inputs": {
            name: _exactly(value)
            if _compared(task, call, name) and not _is_prose(value)
            else {"$any": True, "$example": value}
            for name, value in call.arguments.items()
        },
        "as": f"step_{at + 1}",
    }
    after = [f"step_{n}" for n, other in enumerate(calls[:at], 1) if _same_thing(other, call)]
    return {**step, "after": after} if after else step


def _exactly(value: JsonValue) -> JsonValue:
    return {"$literal": value} if isinstance(value, dict | list) else value


def _anything_of(actions: list[str]) -> JsonObject:
    anything = [{"action": action, "inputs": {"$any": True}} for action in actions]
    return {"any_of": anything, "optional": True}


def _same_thing(one: Call, other: Call) -> bool:
    """Say whether two calls name the same thing by an id, so that their order may matter."""
    return any(
        name.endswith("id") and canonical_text(other.arguments[name]) == canonical_text(value)
        for name, value in one.arguments.items()
        if name in other.arguments
    )


def _actions_score(task: Task) -> bool:
    return "ACTION" in (task.content["evaluation_criteria"].get("reward_basis") or ())


def _compared(task: Task, call: Call, name: str) -> bool:
    """Say whether an argument counts: only the score of actions leaves some out."""
    return call.compared is None or name in call.compared or not _actions_score(task)


def _is_prose(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value.split()) >= FREE_TEXT_WORDS
