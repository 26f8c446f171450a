"""A change that waits is answered once, and whoever repeats it hears the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from runtime.domain.errors import DomainError, NotAllowedError, StaleHeadError
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.services.context import RequestKey
from runtime.services.execution.changes import Executed, Execution
from runtime.services.execution.waiting import Waiting, answer_all, stand_anew

ANN = Principal(id="mem_ann", organization="org_1", roles=("operator",))
PROMOTED = Principal(id="mem_ann", organization="org_1", roles=("admin",))
DONE = Executed(document="{}", version=1, digest="sha256:1")
KEY = RequestKey(route="POST /x", key="k", body_digest="body")


async def as_before() -> Principal:
    """Find the caller as they were."""
    return ANN


async def promoted() -> Principal:
    """Find the caller with another role."""
    return PROMOTED


async def removed() -> Principal:
    """Find nobody."""
    raise NotAllowedError(needs="a role", has="")


def a_waiting(
    *,
    key: RequestKey | None = KEY,
    standing: Callable[[], object] = as_before,
    asked_s: float = 0.0,
) -> Waiting:
    """Build a change that waits."""
    change = Execution(
        outcome_id="out_1",
        plan=Plan(steps=(Step(action="counter.reset"),)),
        principal=ANN,
        credential_id="tok_1",
        key=key,
    )
    return Waiting(change, standing, asked_s)  # type: ignore[arg-type]  # one of the three above


def soon_s() -> float:
    """Return an instant that is near."""
    return asyncio.get_running_loop().time() + 0.02


async def test_the_first_answer_stands() -> None:
    """A later one, and an error after it, change nothing."""
    waiting = a_waiting()

    waiting.answer(DONE)
    waiting.answer(StaleHeadError())

    assert await waiting.answered is DONE


async def test_all_are_told_the_same_error() -> None:
    """But for whoever was answered already."""
    answered, waiting = a_waiting(), a_waiting()
    answered.answer(DONE)

    answer_all([answered, waiting], StaleHeadError())

    assert await answered.answered is DONE
    with pytest.raises(StaleHeadError):
        await waiting.answered


async def test_a_change_is_named_by_caller_route_key_and_body() -> None:
    """Without a key there is nothing by which a repetition could be told."""
    assert a_waiting().named == ("mem_ann", "POST /x", "k", "body")
    assert a_waiting(key=None).named is None


async def test_a_repetition_hears_the_answer_and_that_it_repeats() -> None:
    """Whether it was there before the repetition came or not."""
    waiting = a_waiting()
    hearing = asyncio.create_task(waiting.repeated(until_s=soon_s()))
    await asyncio.sleep(0)
    waiting.answer(DONE)

    for heard in (await hearing, await waiting.repeated(until_s=soon_s())):
        assert heard is not None
        assert (heard.document, heard.replayed) == ("{}", True)


async def test_a_repetition_hears_the_error_too() -> None:
    """It is as true for the second request as for the first."""
    waiting = a_waiting()
    waiting.answer(StaleHeadError())

    with pytest.raises(StaleHeadError):
        await waiting.repeated(until_s=soon_s())


async def test_a_repetition_of_what_was_given_up_hears_nothing() -> None:
    """It is to stand in line itself, and is not cancelled with the first."""
    waiting = a_waiting()
    hearing = asyncio.create_task(waiting.repeated(until_s=soon_s()))
    await asyncio.sleep(0)
    waiting.answered.cancel()

    assert await hearing is None


async def test_who_is_asked_anew_is_judged_by_what_they_are_now() -> None:
    """Only those whose asking was long ago are asked about."""
    fresh = a_waiting(standing=removed, asked_s=9.0)
    old = a_waiting(standing=promoted, asked_s=1.0)

    standing = await stand_anew([fresh, old], now_s=10.0, older_than_s=3.0)

    assert standing == [fresh, old]
    assert (fresh.change.principal, old.change.principal) == (ANN, PROMOTED)
    assert old.asked_s == 10.0


async def test_who_is_nobody_any_more_is_told_so() -> None:
    """Their change is not judged."""
    waiting = a_waiting(standing=removed)

    standing = await stand_anew([waiting], now_s=10.0, older_than_s=3.0)

    assert standing == []
    with pytest.raises(DomainError):
        await waiting.answered
