"""Tools have names that every provider takes, and each name leads back to its action."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from runtime.agent.tools import ASK, DECLINE, ToolBook
from runtime.domain.action import Action, Permission, Risk, Visibility
from runtime.domain.condition import Condition
from runtime.sandbox import Sandbox
from tests.builders import a_registry, an_action

OPENAI: Final = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
GEMINI: Final = re.compile(r"^[a-zA-Z_]")
IDS: Final = st.from_regex(
    r"[a-z][a-z0-9_]{0,50}(\.[a-z][a-z0-9_]{0,50}){1,3}@[1-9]", fullmatch=True
)
# Few letters, so that different ids are spelled alike once their dots are gone.
COLLIDING: Final = st.from_regex(r"[ab](_[ab]){0,2}(\.[ab](_[ab]){0,2}){1,2}@1", fullmatch=True)


def a_book(*actions: Action) -> ToolBook:
    """Build a book over the visible actions of a registry."""
    compiled = a_registry(*actions)
    return ToolBook.of(compiled.actions[item.id] for item in compiled.registry.visible())


@given(st.sets(IDS | COLLIDING, min_size=1, max_size=12))
def test_names_are_legal_unique_and_lead_back(ids: set[str]) -> None:
    """Whatever the ids, OpenAI and Gemini take the names, and none stands for two actions."""
    book = a_book(*(an_action(id=item) for item in ids))

    names = [tool["function"]["name"] for tool in book.tools.definitions]
    assert all(OPENAI.match(name) and GEMINI.match(name) for name in names)
    assert len(names) == len(set(names))
    for action_id, name in book.names.items():
        found = book.action(name)
        assert found is not None
        assert found.id == action_id


def test_a_suffix_that_is_taken_is_not_given_again() -> None:
    """An action named like another one's suffixed name keeps its own name."""
    plain, clash = an_action(id="a.b_c@1"), an_action(id="a_b.c@1")
    suffixed = a_book(plain, clash).names["a_b.c@1"]
    squatter = an_action(id=f"{suffixed.replace('a_b_c', 'a.b_c', 1)}@1")

    names = a_book(plain, clash, squatter).names

    assert names[squatter.id] == suffixed
    assert len(set(names.values())) == 3


def test_the_tools_to_ask_and_to_decline_keep_their_names() -> None:
    """An action can't take the place of the question or of the refusal."""
    names = a_book(an_action(id="ask.clarification@1"), an_action(id="decline.x@1")).names

    assert not {ASK, DECLINE} & set(names.values())


def test_an_action_is_found_by_tool_name_by_name_and_by_id() -> None:
    """Models that copy the id from elsewhere are understood."""
    book = a_book(an_action())

    found = [book.action(name) for name in ("box_put", "box.put", "box.put@1", "box.take")]

    assert [item and item.id for item in found] == ["box.put@1"] * 3 + [None]


def test_the_input_schema_reaches_the_model_unchanged() -> None:
    """What the engine demands is what the model is told."""
    sandbox = Sandbox.named("helpdesk")
    told = {
        tool["function"]["name"]: tool["function"]["parameters"]
        for tool in sandbox.book.tools.definitions
    }

    for name, action in sandbox.book.actions.items():
        assert told[name] == action.input_schema


def test_hidden_actions_and_old_versions_are_not_offered() -> None:
    """The model sees the latest version of what users may see, and nothing else."""
    hidden = Permission(visibility=Visibility.DEVELOPER)
    book = a_book(
        an_action(), an_action(id="box.put@2"), an_action(id="box.wipe@1", permission=hidden)
    )

    assert list(book.names) == ["box.put@2"]
    assert b"wipe" not in book.tools.encoded
    assert book.action("box.wipe@1") is None


def test_a_description_tells_what_the_engine_will_demand() -> None:
    """Risk, cost, consent, roles and preconditions are known before a plan is proposed."""
    demanding = an_action(
        cost=7,
        permission=Permission(
            risk=Risk.HIGH, confirmation=True, approvals=2, roles=("admin", "owner")
        ),
        preconditions=(Condition(rule="state.box.value == 0", message="the box is empty"),),
    )

    description = a_book(demanding).tools.definitions[0]["function"]["description"]

    assert description == (
        "Put. Puts a value into the box. Risk high, cost 7. The person is asked to confirm. "
        "Needs 2 approval(s). Only for: admin, owner. Requires: the box is empty"
    )
