"""Declare what concerns the desk as a whole: shifts, and the search index behind it."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect, Visibility
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.helpdesk import fields, rules


def _set_shift(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["desk"]["agents"][inputs["agent"]]["on_shift"] = inputs["on_shift"]
    return state


def _reindex(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    return state


SET_SHIFT = Action(
    id="desk.set_shift@1",
    title="Start or end a shift",
    description=(
        "Puts an agent on shift or takes one off. Before an agent goes off shift, each open or "
        "pending ticket of theirs must be assigned to somebody else or to nobody. Costs 1 unit."
    ),
    targets=("desk", "tickets"),
    input_schema=fields.record(
        {
            "agent": fields.AGENT,
            "on_shift": {
                "type": "boolean",
                "description": "true when the agent starts, false when the agent leaves.",
            },
        }
    ),
    may_change=("/desk/agents/*/on_shift",),
    preconditions=(
        rules.AGENT_EXISTS,
        Condition(
            rule="state.desk.agents[inputs.agent].on_shift != inputs.on_shift",
            message="the agent's shift must change by it",
        ),
        Condition(
            rule="inputs.on_shift || state.tickets.all(id,"
            " state.tickets[id].assignee != inputs.agent"
            " || !(state.tickets[id].status in ['open', 'pending']))",
            message="the agent's open and pending tickets must be assigned to others first",
        ),
    ),
    handler=_set_shift,
)

REINDEX = Action(
    id="desk.reindex@1",
    title="Rebuild the search index",
    description="Rebuilds the desk's search index after an import; slow. Costs 10 units.",
    targets=("desk",),
    input_schema=fields.record(
        {
            "scope": {
                "enum": ["all", "tickets", "customers"],
                "default": "all",
                "description": "What to index again, such as tickets.",
            }
        },
        optional=("scope",),
    ),
    may_change=(),
    permission=Permission(risk=Risk.MEDIUM, visibility=Visibility.DEVELOPER),
    cost=10,
    side_effects=(
        SideEffect(job="search.rebuild", description="Rebuilds the index from the database."),
    ),
    handler=_reindex,
)

ACTIONS = (SET_SHIFT, REINDEX)
