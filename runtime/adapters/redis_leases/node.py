"""Grant tenures by one Redis: in the order of asking, or as one vote of a quorum."""

from __future__ import annotations

from random import Random
from typing import Final

from typing_extensions import override

from runtime.adapters.redis_leases.bell import Bell
from runtime.adapters.redis_leases.grantor import (
    Granted,
    Grantor,
    Listener,
    Refused,
    Renewed,
    Wish,
)
from runtime.adapters.redis_leases.line import Dialer
from runtime.adapters.redis_leases.scripts import ADVANCE, ENTER, LEAVE, RENEW, names
from runtime.adapters.redis_leases.timing import Timing
from runtime.adapters.redis_leases.wire import Wire
from runtime.domain.errors import LeaseUnavailableError

_PROBE: Final = "plangate:lease:ready"
_PROBE_MS: Final = 1000
_AFTER_END_S: Final = 0.002


class Node(Grantor):
    """Ask one Redis."""

    def __init__(
        self, url: str, *, instance: str, timing: Timing, random: Random, ordered: bool = True
    ) -> None:
        """Take where it is, whose wake-ups to hear, and whether it alone decides the order."""
        dialer = Dialer(url, answer_s=timing.answer_s)
        self.address = dialer.address
        self._wire = Wire(dialer)
        self._bell = Bell(dialer, instance=instance, random=random)
        self._timing = timing
        self._ordered = int(ordered)

    @override
    def start(self, listener: Listener) -> None:
        self._bell.start(listener)

    @override
    async def enter(self, wish: Wish) -> Granted | Refused:
        said = await self._wire.run(
            ENTER,
            names(wish.key),
            wish.owner,
            wish.previous,
            wish.floor,
            _ms(self._timing.ttl_s),
            _ms(self._timing.baton_s),
            _ms(self._timing.ttl_s) if wish.queue else 0,
            self._ordered,
        )
        # One line of text: an array costs the driver a read for each of its parts.
        match said.decode().split(" ") if isinstance(said, bytes) else ():
            case ["granted", token, waiting]:
                return Granted(token=int(token), wanted=waiting != "0")
            case ["refused", ends_in_ms, place, ticket, holder]:
                return Refused(
                    holder=holder,
                    ends_in_s=max(0, int(ends_in_ms)) / 1000,
                    place=int(place),
                    ticket=ticket,
                )
            case _:
                raise self._nonsense(said)

    @override
    async def renew(self, key: str, owner: str) -> Renewed | None:
        waiting = await self._wire.run(RENEW, names(key), owner, _ms(self._timing.ttl_s))
        return None if waiting is None else Renewed(wanted=self._number(waiting) > 0)

    @override
    async def advance(self, key: str, owner: str, *, token: int, floor: int) -> int | None:
        raised = await self._wire.run(ADVANCE, names(key), owner, token, floor)
        return None if raised is None else self._number(raised)

    @override
    async def leave(self, key: str, owner: str) -> None:
        await self._wire.run(LEAVE, names(key), owner, _ms(self._timing.baton_s), self._ordered)

    @override
    def pause_s(self, refused: Refused, attempt: int) -> float:
        """Return until the holder's end at most, or until the place in the queue needs renewal."""
        return min(refused.ends_in_s + _AFTER_END_S, self._timing.renew_every_s)

    @override
    async def ready(self) -> None:
        """Return when this Redis takes writes and, where hand-overs need it, can wake us."""
        await self._wire.command("SET", _PROBE, 1, "PX", _PROBE_MS)
        if self._ordered and (failure := await self._bell.failure()):
            raise LeaseUnavailableError(reason=f"redis can't wake us: {failure}")

    @override
    async def close(self) -> None:
        await self._bell.close()
        await self._wire.close()

    def _number(self, said: object) -> int:
        if isinstance(said, int):
            return said
        raise self._nonsense(said)

    def _nonsense(self, said: object) -> LeaseUnavailableError:
        return LeaseUnavailableError(
            reason=f"redis at {self.address} answered {str(said)[:80]}, which a lease never says"
        )


def _ms(span_s: float) -> int:
    return max(1, round(span_s * 1000))
