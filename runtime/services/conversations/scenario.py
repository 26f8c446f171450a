"""Write a turn as a golden scenario of the harness; pure but for the judge that is handed in.

What is expected is what was executed, or what a person put in its place. A scenario has the state
that the plan met, so that it is as green in the harness as it was here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import yaml

from runtime.agent import prompt
from runtime.domain.errors import WrongTimeError
from runtime.domain.plan import Plan
from runtime.domain.principal import Principal
from runtime.domain.proposal import Clarification, PlanProposal
from runtime.domain.reason import ReasonCode
from runtime.domain.state import State
from runtime.domain.turn import Turn, TurnStatus
from runtime.kit.json_value import JsonObject, JsonValue, json_equal
from runtime.services.documents import spelled_instant
from runtime.services.environments import InstalledEnvironment

MOST_STEPS: Final = 16
"""Of an expected plan, as the harness reads it."""
_FOLDED_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Describe the moment in which a plan is tried.

    Attributes:
        confirms: whether the requester would confirm.
        approves: whether colleagues would approve.
    """

    environment: str
    plan: Plan
    state: State
    principal: Principal
    confirms: bool
    approves: bool
    now: datetime


class Foresees(Protocol):
    """Try plans in an environment as the harness does, where nothing is stored."""

    def refusal(self, scene: Scene) -> str | None:
        """Return the code of the first refusal, None when the plan runs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold what a turn's model was told beside the message."""

    installed: InstalledEnvironment
    principal: Principal
    state: State
    facts: Mapping[str, JsonValue]
    history: Sequence[prompt.Turn]


def scenario_of(turn: Turn, told: Told, *, foresees: Foresees) -> JsonObject:
    """Return a scenario file with one scenario.

    Raises:
        WrongTimeError: there is nothing in the turn that could be expected.
    """
    if not turn.message:
        raise _unfit(turn, "without a message, which is not kept any more")
    given: JsonObject = {
        "principal": {"roles": list(told.principal.roles), "grant": told.principal.grant.value},
        "now": spelled_instant(turn.created_at),
    }
    if state := _state(told):
        given["state"] = state
    if told.facts:
        given["facts"] = dict(told.facts)
    if told.history:
        given["history"] = [{item.speaker: item.text} for item in told.history]
    expect = _expected(turn, told, given=given, foresees=foresees)
    return {
        "environment": told.installed.id,
        "scenarios": [
            {
                "id": turn.id.lower().replace("_", "-"),
                "reason": f"Taken from a conversation, where its owner {_became(turn)}.",
                "tags": ["from-conversation"],
                "given": given,
                "when": {"message": turn.message},
                "expect": expect,
                "provenance": _provenance(turn),
            }
        ],
    }


def spelled_yaml(document: JsonObject) -> str:
    """Return a scenario file as YAML that people read."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_FOLDED_WIDTH)


def _expected(turn: Turn, told: Told, *, given: JsonObject, foresees: Foresees) -> JsonObject:
    proposal = turn.current
    if turn.status in {TurnStatus.REJECTED, TurnStatus.FAILED, TurnStatus.ASKING}:
        raise _unfit(turn, turn.status.value)
    if proposal is None:
        raise _unfit(turn, "without a proposal, whose text is not kept any more")
    if isinstance(proposal, Clarification):
        return {"clarification": {"asks_for": []}}
    if not isinstance(proposal, PlanProposal):
        return {"decline": True}
    steps = proposal.plan.document()["steps"]
    if not 0 < len(steps) <= MOST_STEPS:
        raise _unfit(turn, f"a plan of {len(steps)} steps, of which a scenario has 1 to 16")
    expect: JsonObject = {"plan": {"steps": steps}}
    confirms = turn.refusal != ReasonCode.CONFIRMATION_REQUIRED
    approves = turn.refusal != ReasonCode.APPROVAL_REQUIRED
    if not (confirms and approves):
        given["consent"] = {"confirm": confirms, "approve": approves}
    refusal = foresees.refusal(
        Scene(
            environment=told.installed.id,
            plan=proposal.plan,
            state=told.state,
            principal=told.principal,
            confirms=confirms,
            approves=approves,
            now=turn.created_at,
        )
    )
    if refusal is not None:
        expect["refusal"] = {"code": refusal}
    return expect


def _state(told: Told) -> JsonObject:
    """Return the components that are not as a new project has them."""
    initial = told.installed.compiled.registry.initial_state()
    return {
        f"/{name}": value
        for name, value in told.state.components.items()
        if name not in initial or not json_equal(initial[name], value)
    }


def _became(turn: Turn) -> str:
    if turn.plan is not None:
        return "corrected the plan"
    if turn.status is TurnStatus.PROPOSED:
        return "left the proposal as it was"
    return "executed the plan" if turn.status is TurnStatus.EXECUTED else "met a refusal"


def _provenance(turn: Turn) -> JsonObject:
    comparability = turn.comparability
    return {
        "turn": turn.id,
        "model": None if comparability is None else comparability.model,
        "proposed": None if turn.proposal is None else turn.proposal.model_dump(mode="json"),
        "edited": turn.plan is not None,
        "outcome": turn.outcome_id,
        "attachments": [note.document() for note in turn.attachments],
    }


def _unfit(turn: Turn, found: str) -> WrongTimeError:
    return WrongTimeError(
        what=f"turn '{turn.id}'",
        found=found,
        remedy="a scenario needs a message, and what is right to answer to it; correct the plan",
    )
