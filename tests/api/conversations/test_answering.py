"""Prove that a conversation is never left busy, and that bounds hold for who comes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from typing_extensions import override

from runtime.agent.planner import Proposed
from runtime.domain.errors import (
    ModelBudgetError,
    NotFoundError,
    StorageUnavailableError,
    TurnsBusyError,
)
from runtime.domain.model_use import ModelUse
from runtime.domain.proposal import Decline
from runtime.domain.turn import INTERRUPTED, TurnStatus
from runtime.kit.clock import SystemClock
from runtime.ports.chat_model import TokenUsage
from runtime.services.context import Ids
from runtime.services.conversations.accepting import Said
from runtime.services.conversations.briefings import Briefings
from runtime.services.conversations.places import MOST_OF_ORGANIZATION
from runtime.services.conversations.proposing import Proposing
from runtime.services.environments import always_enabled
from runtime.services.models.asking import Asked, Heard, Progress, Question
from runtime.store.session import Database
from tests.database import session
from tests.talking import Talk, as_context

WORDS = "Nothing here flies."


@dataclass(slots=True, kw_only=True)
class Scripted:
    """Answer what the test says, and fail to say what is kept of it as often as it says."""

    answer: Asked
    failing: Callable[[], None] = lambda: None
    times: int = 0

    async def use(self, organization_id: str, project_id: str) -> ModelUse:
        """Return the usual settings."""
        del organization_id, project_id
        return ModelUse()

    async def used_up(
        self, organization_id: str, *, project_id: str, member_id: str
    ) -> ModelBudgetError | None:
        """Leave something."""
        del organization_id, project_id, member_id
        return None

    async def ask(self, question: Question, *, progress: Progress, heard: Heard) -> Asked:
        """Answer."""
        del question, progress, heard
        return self.answer

    def kept(self, text: str, use: ModelUse) -> str:
        """Keep all, or fail at what the model said."""
        del use
        if text == WORDS and self.times:
            self.times -= 1
            self.failing()
        return text


@dataclass(slots=True, kw_only=True)
class Settling(Scripted):
    """Answer nobody; whoever gives up waits until something is settled."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    may_settle: asyncio.Event = field(default_factory=asyncio.Event)
    settled: bool = False

    @override
    async def ask(self, question: Question, *, progress: Progress, heard: Heard) -> Asked:
        """Wait for ever."""
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
            await self.may_settle.wait()
            self.settled = True
        return self.answer


def a_decline() -> Asked:
    """Build an answer."""
    proposed = Proposed(
        proposal=Decline(reason=WORDS),
        problems=(),
        dropped=(),
        calls=1,
        repairs=0,
        retries=0,
        usage=TokenUsage(),
        cost_micros=None,
        model="m",
        latency_s=0.0,
        answer="",
    )
    return Asked(proposed=proposed, reference="test/m")


@asynccontextmanager
async def answering(talk: Talk, asking: Scripted) -> AsyncIterator[Proposing]:
    """Let another process of the platform answer, with a model of the test's own."""
    database = await Database.opened(talk.app.urls.app_url)
    services = talk.app.app.state.services
    yield Proposing(
        database=database,
        ids=Ids(SystemClock()),
        access=services.access,
        briefings=Briefings(services.environments),
        enabled=always_enabled,
        asking=asking,
    )
    await database.close()


async def stored(talk: Talk) -> tuple[str, str | None]:
    """Return what became of the only turn, and which one counts as being answered."""
    async with session(talk.app.urls.superuser_url) as superuser:
        found = await superuser.fetchrow(
            "select turns.status, answering from turns join conversations c on c.id = "
            "conversation_id"
        )
    assert found is not None
    return found["status"], found["answering"]


async def test_an_answer_that_nobody_can_read_frees_the_conversation(talk: Talk) -> None:
    """It is written down that there is none, and whoever waits is told of the fault."""
    unreadable = cast("Asked", object())
    async with answering(talk, Scripted(answer=unreadable)) as proposing:
        pending = await proposing.begin(
            as_context(talk.who), talk.project_id, talk.conversation, said=Said(message="fly")
        )

        with pytest.raises(AttributeError):
            await pending.answered()

    assert await stored(talk) == ("failed", None)


async def test_an_answer_that_can_not_be_written_frees_the_conversation(talk: Talk) -> None:
    """As if there had been none."""

    def fail() -> None:
        raise ValueError(WORDS)

    asking = Scripted(answer=a_decline(), failing=fail, times=1)
    async with answering(talk, asking) as proposing:
        pending = await proposing.begin(
            as_context(talk.who), talk.project_id, talk.conversation, said=Said(message="fly")
        )

        with pytest.raises(ValueError, match=WORDS):
            await pending.answered()

    assert await stored(talk) == ("failed", None)


async def test_an_answer_is_written_once_more_if_storage_was_away(talk: Talk) -> None:
    """It was paid for."""

    def fail() -> None:
        raise StorageUnavailableError(reason="as the test says")

    asking = Scripted(answer=a_decline(), failing=fail, times=1)
    async with answering(talk, asking) as proposing:
        pending = await proposing.begin(
            as_context(talk.who), talk.project_id, talk.conversation, said=Said(message="fly")
        )

        turn = await pending.answered()

    assert turn.status is TurnStatus.PROPOSED
    assert await stored(talk) == ("proposed", None)


async def test_who_is_told_twice_to_end_is_cancelled_once(talk: Talk) -> None:
    """What there is to settle of an answer that is given up is settled."""
    asking = Settling(answer=a_decline())
    async with answering(talk, asking) as proposing:
        pending = await proposing.begin(
            as_context(talk.who), talk.project_id, talk.conversation, said=Said(message="fly")
        )
        await asking.asked.wait()
        proposing.end()
        await asking.given_up.wait()

        closing = asyncio.create_task(proposing.close())
        await asyncio.sleep(0)
        asking.may_settle.set()
        await closing
        turn = await pending.answered()

    assert asking.settled
    assert turn.problems[0].fault == INTERRUPTED
    assert await stored(talk) == ("failed", None)


async def test_bounds_hold_for_who_comes_at_once(talk: Talk) -> None:
    """Whoever is being looked at has a place, and who is refused gives it back."""
    elsewhere = talk.conversation[:-1] + ("0" if talk.conversation[-1] != "0" else "1")
    context, said = as_context(talk.who), Said(message="fly")
    async with answering(talk, Scripted(answer=a_decline())) as proposing:
        found = await asyncio.gather(
            *(
                proposing.begin(context, talk.project_id, elsewhere, said=said)
                for _ in range(MOST_OF_ORGANIZATION + 1)
            ),
            return_exceptions=True,
        )

        kinds = [type(item) for item in found]
        assert kinds.count(NotFoundError) == MOST_OF_ORGANIZATION
        assert kinds.count(TurnsBusyError) == 1
        for _ in range(MOST_OF_ORGANIZATION + 1):
            with pytest.raises(NotFoundError):
                await proposing.begin(context, talk.project_id, elsewhere, said=said)
