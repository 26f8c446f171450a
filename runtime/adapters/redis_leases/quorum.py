"""Grant tenures by a majority of independent Redis servers, so that a minority may be down.

Source: the Redlock algorithm of the Redis documentation, with what it lacks, a fencing token: the
token is the largest that the majority gave, and counts only when a majority holds at least that
number, so that every later majority meets a server that gives a larger one.

The order of asking is best effort here: no single queue exists. Each server tells the first in its
own queue when a tenure ends, and everybody asks again after a random wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Final, TypeVar

from typing_extensions import override

from runtime.adapters.redis_leases.background import Background
from runtime.adapters.redis_leases.grantor import (
    Granted,
    Grantor,
    Listener,
    Refused,
    Renewed,
    Wish,
)
from runtime.adapters.redis_leases.votes import Votes
from runtime.domain.errors import LeaseUnavailableError
from runtime.kit.backoff import delay_s

_FIRST_DELAY_S: Final = 0.008
_LONGEST_DELAY_S: Final = 0.25
_SHORTEST_DELAY_S: Final = 0.001
_GRACE_S: Final = 0.05
_DRAIN_S: Final = 1.0

T = TypeVar("T")


class Quorum(Grantor):
    """Ask all servers at once and go on as soon as a majority has decided."""

    def __init__(self, nodes: tuple[Grantor, ...], *, random: Random) -> None:
        """Take the servers, none of which may order by itself, and what spreads the waits."""
        self._nodes = nodes
        self._random = random
        self._background = Background()

    @override
    def start(self, listener: Listener) -> None:
        for node in self._nodes:
            node.start(listener)

    @override
    async def enter(self, wish: Wish) -> Granted | Refused:
        votes = await self._poll(lambda node: node.enter(wish), _is_grant, grace_s=_GRACE_S)
        grants = [answer for answer in votes.answers.values() if isinstance(answer, Granted)]
        if votes.won:
            token = max(grant.token for grant in grants)
            if await self._anchored(wish, token, grants):
                self._leave_queues(wish, votes)
                return Granted(token=token, wanted=any(grant.wanted for grant in grants))
        self._hand_back(wish, votes)
        votes.require_majority()
        refusals = [answer for answer in votes.answers.values() if isinstance(answer, Refused)]
        return min(refusals, key=_place, default=_UNSURE)

    @override
    async def renew(self, key: str, owner: str) -> Renewed | None:
        votes = await self._poll(lambda node: node.renew(key, owner), _is_there)
        if not _holds(votes):
            return None
        return Renewed(wanted=any(answer and answer.wanted for answer in votes.answers.values()))

    @override
    async def advance(self, key: str, owner: str, *, token: int, floor: int) -> int | None:
        goal = max(token, floor + 1)
        votes = await self._poll(
            lambda node: node.advance(key, owner, token=goal, floor=floor), _is_there
        )
        return goal if _holds(votes) else None

    @override
    async def leave(self, key: str, owner: str) -> None:
        await self._poll(lambda node: node.leave(key, owner), _is_done)

    @override
    def pause_s(self, refused: Refused, attempt: int) -> float:
        """Return a random wait that grows: nobody is sure to be woken here."""
        share = self._random.random()
        wait_s = delay_s(attempt, base_s=_FIRST_DELAY_S, cap_s=_LONGEST_DELAY_S, jitter=share)
        return max(_SHORTEST_DELAY_S, wait_s)

    @override
    async def ready(self) -> None:
        votes = await self._poll(lambda node: node.ready(), _is_done)
        votes.require_majority()

    @override
    async def close(self) -> None:
        await self._background.drain(_DRAIN_S)
        for node in self._nodes:
            await node.close()

    async def _anchored(self, wish: Wish, token: int, grants: list[Granted]) -> bool:
        """Make a majority remember the token, and say whether it does."""
        holders = sum(grant.token == token for grant in grants)
        if holders > len(self._nodes) // 2:
            return True
        votes = await self._poll(
            lambda node: node.advance(wish.key, wish.owner, token=token, floor=0), _is_there
        )
        return votes.won

    def _leave_queues(self, wish: Wish, votes: Votes[Granted | Refused]) -> None:
        """Wait no more where the answer was, or will be, a refusal of what the majority granted."""
        for node, answer in votes.answers.items():
            if isinstance(answer, Refused):
                self._background.spawn(_leave_quietly(node, wish))
        for task, node in votes.pending.items():
            self._background.spawn(_leave_if_refused(node, wish, task))

    def _hand_back(self, wish: Wish, votes: Votes[Granted | Refused]) -> None:
        """Give back what a minority granted, or may grant yet; wait on where others refused."""
        granted = [node for node, answer in votes.answers.items() if isinstance(answer, Granted)]
        for node in (*granted, *votes.pending.values()):
            self._background.spawn(_leave_quietly(node, wish))

    async def _poll(
        self,
        ask: Callable[[Grantor], Coroutine[object, object, T]],
        says_yes: Callable[[T], bool],
        *,
        grace_s: float = 0.0,
    ) -> Votes[T]:
        """Ask all; return when what is missing can't change the decision.

        If the decision is no, those who are a little late are waited for.
        """
        tasks = {asyncio.create_task(ask(node)): node for node in self._nodes}
        votes = Votes(voters=len(self._nodes), says_yes=says_yes, pending=tasks)
        try:
            while not votes.decided:
                await votes.more()
            if grace_s and votes.pending and not votes.won:
                await votes.rest(grace_s)
        finally:
            for task in votes.pending:
                self._background.adopt(task)
        return votes


_UNSURE: Final = Refused(holder=None, ends_in_s=0.0, place=1)


def _is_grant(answer: Granted | Refused) -> bool:
    return isinstance(answer, Granted)


def _is_there(answer: object) -> bool:
    return answer is not None


def _is_done(answer: None) -> bool:
    return answer is None


def _place(refused: Refused) -> int:
    return refused.place


def _holds(votes: Votes[T]) -> bool:
    """Say whether a tenure goes on; where failures leave that open, there is no answer."""
    if not (votes.won or votes.denied):
        votes.require_majority()
        raise LeaseUnavailableError(reason="; ".join(votes.failures))
    return votes.won


async def _leave_quietly(node: Grantor, wish: Wish) -> None:
    with suppress(LeaseUnavailableError):
        await node.leave(wish.key, wish.owner)


async def _leave_if_refused(
    node: Grantor, wish: Wish, answer: asyncio.Task[Granted | Refused]
) -> None:
    with suppress(LeaseUnavailableError):
        if isinstance(await answer, Refused):
            await node.leave(wish.key, wish.owner)
