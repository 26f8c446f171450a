"""Long lists are told a part at a time, faults keep their places, and answers have a bound."""

from __future__ import annotations

import asyncio

import pytest

from runtime.entrypoints.graphql.execution import LEAVES, PAGE
from runtime.entrypoints.graphql.refusals import MOST_ANSWER_BYTES, AnswerTooLargeError
from tests.graphql_rows import an_outcome, executed

MANY = 20 * PAGE
LATE = MANY - 3
"""Place of a row beyond the first part."""
ROWS = '{ project(id: "p") { outcomes(first: 1000) { nodes { id status cost steps } } } }'


async def test_others_have_their_turn_between_parts_of_a_list() -> None:
    """At least once for each, while rows are read and while they are told."""
    turns, done = 0, False

    async def others() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    result = await executed(ROWS, *map(an_outcome, range(MANY)))
    done = True
    await beside

    assert result.errors is None
    assert turns >= 2 * (MANY // PAGE)


async def test_rows_of_all_parts_are_told_in_their_order() -> None:
    """With their fields as they were asked for."""
    result = await executed(ROWS, *map(an_outcome, range(MANY)))

    assert result.data is not None
    nodes = result.data["project"]["outcomes"]["nodes"]
    assert [node["id"] for node in nodes] == [f"out_{number}" for number in range(MANY)]
    assert list(nodes[0]) == ["id", "status", "cost", "steps"]


@pytest.mark.parametrize("value", [None, {}, []])
async def test_a_value_that_is_not_of_its_type_is_the_librarys_to_judge(value: object) -> None:
    """As it would be without the short way: it is told to nobody."""
    rows = [an_outcome(0, status=value)]

    result = await executed('{ project(id: "p") { outcomes { nodes { status } } } }', *rows)

    [error] = result.errors or []
    assert error.path == ["project", "outcomes", "nodes", 0, "status"]
    assert not LEAVES["Outcome"]["status"].tells(value)


async def test_a_fault_in_a_later_part_has_its_place() -> None:
    """Counted from the first row of the list, not of the part."""
    rows = [an_outcome(item, **({"status": None} if item == LATE else {})) for item in range(MANY)]

    result = await executed(ROWS, *rows)

    [error] = result.errors or []
    assert error.path == ["project", "outcomes", "nodes", LATE, "status"]


async def test_a_list_with_too_many_bytes_is_given_up() -> None:
    """Before the rest of it is told; what was asked beside it is told."""
    heavy = "x" * (MOST_ANSWER_BYTES // MANY)
    rows = [an_outcome(item, steps=[heavy]) for item in range(MANY)]

    result = await executed(ROWS, *rows)

    [error] = result.errors or []
    assert isinstance(error.original_error, AnswerTooLargeError)
    assert result.data == {"project": {"outcomes": None}}


def test_fields_that_ask_for_something_are_no_leaves() -> None:
    """And numbers that may be too wide for an Int are left to the library."""
    assert "member" not in LEAVES["Outcome"]
    assert "globalId" not in LEAVES["Outcome"]
    assert "tries" not in LEAVES["Firing"]
    assert LEAVES["Outcome"]["planDigest"].attribute == "plan_digest"
