"""A majority decides, and silence is neither a yes nor a no."""

from __future__ import annotations

import asyncio

import pytest

from runtime.adapters.redis_leases.votes import Votes
from runtime.domain.errors import LeaseUnavailableError
from tests.unit.runtime.adapters.redis_leases.doubles import ScriptedGrantor


async def _answer(said: str) -> bool:
    if said == "down":
        raise LeaseUnavailableError(reason="it is down")
    if said == "silent":
        await asyncio.Event().wait()
    return said == "yes"


async def _votes(*said: str) -> Votes[bool]:
    """Return votes in which all that speak were counted."""
    tasks = {asyncio.create_task(_answer(each)): ScriptedGrantor() for each in said}
    votes = Votes(voters=len(said), says_yes=bool, pending=dict(tasks))
    for _ in range(len(said) - said.count("silent")):
        if votes.pending:
            await votes.rest(0.02)
    for task in votes.pending:
        task.cancel()
    return votes


@pytest.mark.parametrize(
    ("said", "decided", "won", "denied"),
    [
        pytest.param(["yes", "yes", "silent"], True, True, False, id="majority says yes"),
        pytest.param(["yes", "silent", "silent"], False, False, False, id="too early"),
        pytest.param(["yes", "no", "silent"], False, False, False, id="open"),
        pytest.param(["no", "no", "silent"], True, False, True, id="majority says no"),
        pytest.param(["no", "down", "silent"], True, False, False, id="out of reach, not denied"),
        pytest.param(["yes", "yes", "down"], True, True, False, id="minority is down"),
        pytest.param(["yes", "no", "down"], True, False, False, id="the missing one decides"),
        pytest.param(["yes", "yes", "no", "no"], True, False, True, id="a tie is no majority"),
    ],
)
async def test_votes_are_counted(
    said: list[str], *, decided: bool, won: bool, denied: bool
) -> None:
    """Denied means that those who failed could not have changed it."""
    votes = await _votes(*said)

    assert (votes.decided, votes.won, votes.denied) == (decided, won, denied)


async def test_too_few_answers_are_no_answer() -> None:
    """The reason names how many are needed and why they are missing."""
    votes = await _votes("yes", "down", "down")

    with pytest.raises(LeaseUnavailableError, match="2 of 3 redis servers have to answer: it is"):
        votes.require_majority()


async def test_enough_answers_are_enough() -> None:
    """A minority may fail."""
    votes = await _votes("no", "yes", "down")

    votes.require_majority()

    assert votes.failures == ["it is down"]


async def test_answers_are_taken_as_they_come() -> None:
    """One step takes what is there, and does not wait for the slow."""
    tasks = {asyncio.create_task(_answer(said)): ScriptedGrantor() for said in ("silent", "yes")}
    votes = Votes(voters=2, says_yes=bool, pending=dict(tasks))

    await votes.more()

    assert (votes.yes, len(votes.pending)) == (1, 1)
    next(iter(votes.pending)).cancel()
