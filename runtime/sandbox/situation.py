"""Describe the moment in which a sandbox proposes or simulates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from runtime.domain.limits import NO_LIMITS, NOTHING_USED, Limits, Usage
from runtime.domain.principal import Principal
from runtime.domain.state import State
from runtime.kit.json_value import JsonObject

SANDBOX_PROJECT: Final = "sandbox"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Describe the moment of a proposal or a simulation.

    Attributes:
        state: what the first step sees.
        principal: who acts.
        facts: session memory that the model is shown.
        limits: what the project allows.
        usage: what was used already.
        confirms: whether the requester would confirm what needs it.
        approves: whether colleagues would approve what needs it.
        approver_roles: what these colleagues are; None: whatever is asked for.
        now: the instant, for execution windows and for rules that look at the time.
    """

    state: State
    principal: Principal
    facts: JsonObject = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    usage: Usage = NOTHING_USED
    confirms: bool = True
    approves: bool = True
    approver_roles: tuple[str, ...] | None = None
    now: datetime = _LONG_AGO
