"""What rows name is asked for together, once each, and a failure is told to each who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.entrypoints.graphql.loading import MOST_LOADED, Loader, Place, shown_of


@dataclass
class Asked:
    """Find a text for each thing but those that are missing, and note what was asked for.

    Attributes:
        refuses: whether nobody may read anything.
    """

    missing: frozenset[str] = frozenset()
    refuses: bool = False
    batches: list[tuple[str, ...]] = field(default_factory=list)

    async def find(self, places: tuple[Place, ...]) -> Mapping[Place, str]:
        """Return texts."""
        self.batches.append(tuple(place.id for place in places))
        if self.refuses:
            raise NotAllowedError(needs="members:read", has="nothing")
        return {place: place.id.upper() for place in places if place.id not in self.missing}


def a_place(name: str) -> Place:
    """Return something of one organization."""
    return Place(organization_id="org_1", id=name)


async def got(loader: Loader[str], name: str) -> str:
    """Return what is loaded, at once or later."""
    found = loader.get(a_place(name))
    return await found if isinstance(found, asyncio.Future) else found


async def test_what_is_asked_for_in_one_moment_is_one_question() -> None:
    """Each thing once, however often it is named."""
    asked = Asked()
    loader = Loader("thing", asked.find)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(got(loader, name)) for name in ("a", "b", "a")]

    assert [task.result() for task in tasks] == ["A", "B", "A"]
    assert asked.batches == [("a", "b")]


async def test_what_was_loaded_is_there_without_waiting() -> None:
    """And asks for nothing any more."""
    asked = Asked()
    loader = Loader("thing", asked.find)
    await got(loader, "a")

    assert loader.get(a_place("a")) == "A"
    assert len(asked.batches) == 1


async def test_what_is_expected_comes_with_the_first_that_is_asked_for() -> None:
    """So that the second page of a list finds what its rows name."""
    asked = Asked()
    loader = Loader("thing", asked.find)
    loader.expect([a_place("b"), a_place("a")])

    await got(loader, "a")

    assert loader.get(a_place("b")) == "B"
    assert [sorted(batch) for batch in asked.batches] == [["a", "b"]]


async def test_what_is_only_expected_is_not_asked_for() -> None:
    """A list whose members nobody wants asks for none."""
    asked = Asked()
    loader = Loader("thing", asked.find)

    loader.expect([a_place("a")])
    await asyncio.sleep(0)

    assert asked.batches == []


async def test_a_refusal_is_asked_for_once_and_told_to_each() -> None:
    """Also to those who come later; it is the same refusal, so it is on record once."""
    asked = Asked(refuses=True)
    loader = Loader("thing", asked.find)
    loader.expect([a_place("b")])

    with pytest.raises(NotAllowedError) as first:
        await got(loader, "a")
    with pytest.raises(NotAllowedError) as second:
        loader.get(a_place("b"))

    assert first.value is second.value
    assert len(asked.batches) == 1


async def test_what_is_not_there_is_not_found() -> None:
    """And takes nothing from what is."""
    loader = Loader("thing", Asked(missing=frozenset({"a"})).find)

    with pytest.raises(NotFoundError, match="thing 'a'"):
        await got(loader, "a")

    assert await got(loader, "b") == "B"


async def test_a_question_has_a_bound() -> None:
    """More is asked for in parts."""
    asked = Asked()
    loader = Loader("thing", asked.find)
    loader.expect(a_place(str(number)) for number in range(2 * MOST_LOADED))

    await got(loader, "0")
    await got(loader, str(2 * MOST_LOADED - 1))

    assert [len(batch) for batch in asked.batches] == [MOST_LOADED, MOST_LOADED]


async def test_what_is_not_there_yet_is_shown_later() -> None:
    """The library awaits whatever can be awaited."""
    loader = Loader("thing", Asked().find)

    later: object = shown_of(loader.get(a_place("a")), str.lower)
    assert asyncio.iscoroutine(later)

    assert await later == "a"
    assert shown_of(loader.get(a_place("a")), str.lower) == "a"
