"""Spell the events that tell more of a change than that it was executed; their ids follow from it.

What moved the state is told as `state.changed`, once a plan however many versions it made. The ids
of one project's sort as the versions do, also within a commit. Who is refused for their rate is
told of once a minute: all of a minute have one id, and the commit keeps the first. The others are
of the next millisecond, so that they sort behind what they tell more of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import orjson

from runtime.domain.history import Cause
from runtime.domain.outcome import PlanOutcome, StepOutcome
from runtime.domain.reason import ReasonCode
from runtime.domain.record import Event
from runtime.domain.state import State
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.kit.json_value import JsonObject
from runtime.services.execution.changes import Change

_MINUTE_MS: Final = 60_000
_VERSION_BYTES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Hold which project is told of, and when."""

    project_id: str
    now: datetime

    def moved(self, change: Change, around: tuple[State, State], *, cause: Cause) -> Event:
        """Tell that a state is another one."""
        before, after = around
        seed = f"{self.project_id} {change.outcome_id}"
        place = after.version.to_bytes(_VERSION_BYTES)
        return self._event(
            "state.changed",
            {
                "after": {"digest": after.digest, "version": after.version},
                "before": {"digest": before.digest, "version": before.version},
                "cause": cause.value,
                **self._by(change),
            },
            event_id=new_id("evt", now_ms=self._now_ms + 1, entropy=_entropy(seed, after=place)),
        )

    def held_up(self, change: Change, outcome: PlanOutcome) -> Event | None:
        """Tell of who has to confirm a plan, or to wait for a rate; None where nobody has."""
        step = outcome.refused_at
        if step is None or step.refusal is None:
            return None
        if step.refusal.code is ReasonCode.CONFIRMATION_REQUIRED:
            return self._to_confirm(change, step, plan_digest=outcome.plan_digest)
        if step.refusal.code is ReasonCode.RATE_LIMITED:
            return self._to_wait(change, step)
        return None

    def _to_confirm(self, change: Change, step: StepOutcome, *, plan_digest: str) -> Event:
        kind = "confirmation.requested"
        told: JsonObject = {"action": step.action, "plan_digest": plan_digest, "step": step.index}
        entropy = _entropy(f"{change.outcome_id} {kind}")
        return self._event(
            kind,
            {**told, **self._by(change)},
            event_id=new_id("evt", now_ms=self._now_ms + 1, entropy=entropy),
        )

    def _to_wait(self, change: Change, step: StepOutcome) -> Event:
        kind = "limit.rate_limited"
        limit = None if step.refusal is None else step.refusal.limit
        told: JsonObject = {
            "action": step.action,
            "limit": None if limit is None else limit.limit,
            "measure": None if limit is None else limit.measure.value,
            "scope": None if limit is None else limit.scope.value,
        }
        minute_ms = self._now_ms // _MINUTE_MS * _MINUTE_MS
        entropy = _entropy(f"{self.project_id} {change.principal.id} {kind}")
        return self._event(
            kind,
            {**told, **self._by(change)},
            event_id=new_id("evt", now_ms=minute_ms, entropy=entropy),
        )

    def _by(self, change: Change) -> JsonObject:
        return {
            "outcome": change.outcome_id,
            "principal": change.principal.id,
            "project": self.project_id,
        }

    def _event(self, kind: str, document: JsonObject, *, event_id: str) -> Event:
        spelled = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)  # texts and whole numbers
        return Event(id=event_id, type=kind, document=spelled.decode(), project_id=self.project_id)

    @property
    def _now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)


def _entropy(seed: str, *, after: bytes = b"") -> bytes:
    """Return what makes an id one of its own: bytes to sort by, then a share of the seed's hash."""
    return (after + sha256(seed.encode()).digest())[:ENTROPY_BYTES]
