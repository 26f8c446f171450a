"""A request asks a few things at a time, each key for one field, and records what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from fastapi.exceptions import RequestValidationError

from runtime.domain.errors import NotAllowedError
from runtime.entrypoints.graphql.call import AT_ONCE, Call
from runtime.kit.clock import SystemClock
from runtime.services.audit.access_refusals import Asked
from runtime.services.context import Context, Ids
from tests.execution import a_caller


@dataclass
class Refusals:
    """Note refusals, at the place where production records them."""

    noted: list[str] = field(default_factory=list)

    async def note(self, caller: object, asked: Asked, *, needs: str, has: str) -> None:
        """Note one."""
        self.noted.append(f"{asked.route} needs {needs}, has {has}")


@dataclass
class Services:
    """Hold what a call needs of the platform."""

    access_refusals: Refusals = field(default_factory=Refusals)


def a_call(services: Services | None = None) -> Call:
    """Return a request of somebody."""
    return Call(
        services=cast("Any", services or Services()),
        caller=a_caller(Ids(SystemClock())),
        credential="x",
    )


async def test_a_request_asks_a_few_things_at_a_time() -> None:
    """So that one with many fields leaves connections to others."""
    call, inside, most = a_call(), 0, 0

    async def use(_: object, __: Context) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(call.ask("Query.x", use))

    assert most == AT_ONCE


async def test_a_key_is_of_a_field_and_its_arguments() -> None:
    """And none is made where none was sent."""
    call = a_call()

    async def use(_: object, context: Context) -> Context:
        return context

    one = await call.change("Mutation.a", use, key="k", arguments={"id": "1"})
    same = await call.change("Mutation.a", use, key="k", arguments={"id": "1"})
    other = await call.change("Mutation.a", use, key="k", arguments={"id": "2"})
    none = await call.change("Mutation.a", use, key=None, arguments={"id": "1"})

    assert one.key is not None
    assert other.key is not None
    assert one.key == same.key
    assert (one.key.route, one.key.key) == ("POST /graphql Mutation.a", "k")
    assert one.key.body_digest != other.key.body_digest
    assert none.key is None


@pytest.mark.parametrize("key", ["", "k" * 256, "line\nbreak", "ü"])
async def test_a_key_that_can_not_be_kept_is_refused(key: str) -> None:
    """Before anything is asked."""

    async def use(_: object, __: Context) -> None:
        raise AssertionError("it was asked")

    with pytest.raises(RequestValidationError):
        await a_call().change("Mutation.a", use, key=key, arguments={})


async def test_a_refusal_by_rights_is_recorded_and_told() -> None:
    """With the field that was asked for as its route."""
    services = Services()

    async def use(_: object, __: Context) -> None:
        raise NotAllowedError(needs="a", has="b")

    with pytest.raises(NotAllowedError):
        await a_call(services).ask("Query.x", use)

    assert services.access_refusals.noted == ["POST /graphql Query.x needs a, has b"]
