"""Declare a counter whose moves use tokens and money as well as units, for tests of budgets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

import pytest_asyncio

from runtime.domain.action import Permission
from runtime.domain.limits import Limits
from runtime.domain.registry import Registry
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.clock import SystemClock
from runtime.plugins.stdlib.counter import COUNTER, INCREMENT
from runtime.services.context import Ids
from runtime.services.environments import Environments, InstalledEnvironment
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, opened

TOKENS: Final = 3
MICROS: Final = 250
MOVE: Final = replace(INCREMENT, id="counter.move@1", tokens=TOKENS, money_micros=MICROS)
"""Costs one unit."""
STOP: Final = replace(MOVE, id="counter.stop@1", permission=Permission(urgent=True))
"""The same, and held back by no limit."""
PRICED_ID: Final = "priced"
PRICED: Final[Environments] = {
    PRICED_ID: InstalledEnvironment(
        id=PRICED_ID,
        title="Priced",
        description="A counter that is paid for.",
        plugin="priced@1",
        compiled=CompiledRegistry.of(Registry.of((COUNTER,), (MOVE, STOP))),
        limits=Limits(),
    )
}


@pytest_asyncio.fixture
async def priced(database: FreshDatabase, redis_url: str) -> AsyncIterator[World]:
    """Give one process of the platform, an organization and a project of the priced counter."""
    async with AsyncExitStack() as stack:
        caller = a_caller(Ids(SystemClock()))
        project = await a_project(database, caller, environment=PRICED_ID, environments=PRICED)
        yield await opened(
            stack, database, redis_url, caller=caller, project_id=project, environments=PRICED
        )
