"""Declare the work on tickets: assign, answer, note, escalate, merge and file away."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.helpdesk import fields, rules


def _assign(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["assignee"] = inputs["agent"]
    return state


def _set_priority(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["priority"] = inputs["priority"]
    return state


def _reply(inputs: JsonObject, state: JsonObject) -> JsonObject:
    ticket = state["tickets"][inputs["ticket"]]
    ticket["last_reply"] = inputs["body"]
    if ticket["status"] == "open":
        ticket["status"] = "pending"
    return state


def _add_note(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["last_note"] = inputs["note"]
    return state


def _resolve(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["status"] = "resolved"
    return state


def _reopen(inputs: JsonObject, state: JsonObject) -> JsonObject:
    ticket = state["tickets"][inputs["ticket"]]
    ticket["status"] = "open"
    agent = state["desk"]["agents"].get(ticket["assignee"])
    if agent is None or not agent["on_shift"]:
        ticket["assignee"] = None
    return state


def _close(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["status"] = "closed"
    return state


def _merge(inputs: JsonObject, state: JsonObject) -> JsonObject:
    source, target = (state["tickets"][inputs[name]] for name in ("source", "target"))
    source["status"] = "closed"
    source["merged_into"] = inputs["target"]
    target["tags"] += [tag for tag in source["tags"] if tag not in target["tags"]]
    return state


def _escalate(inputs: JsonObject, state: JsonObject) -> JsonObject:
    ticket = state["tickets"][inputs["ticket"]]
    ticket["team"] = inputs["team"]
    ticket["assignee"] = None
    ticket["last_note"] = inputs["reason"]
    return state


ASSIGN = Action(
    id="ticket.assign@1",
    title="Assign a ticket",
    description=(
        "Gives a ticket to an agent who is on shift, or to nobody with null. Use it when the "
        "person names who should work on it; to hand it to a team use ticket.escalate. "
        "Not for closed tickets. Costs 1 unit."
    ),
    targets=("tickets", "desk"),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "agent": {
                **fields.AGENT,
                "type": ["string", "null"],
                "description": "Id of an agent on shift, such as a_bruno, or null for nobody.",
            },
        }
    ),
    may_change=("/tickets/*/assignee",),
    preconditions=(
        rules.TICKET_EXISTS,
        rules.TICKET_NOT_CLOSED,
        Condition(
            rule="inputs.agent == null || (inputs.agent in state.desk.agents"
            " && state.desk.agents[inputs.agent].on_shift)",
            message="the agent must be on shift",
        ),
    ),
    handler=_assign,
)

SET_PRIORITY = Action(
    id="ticket.set_priority@1",
    title="Set the priority of a ticket",
    description=(
        "Sets how urgent an open or pending ticket is. Tickets of blocked customers can't be "
        "urgent. Costs 1 unit."
    ),
    targets=("tickets",),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "priority": {
                "enum": list(fields.PRIORITIES),
                "description": "The new priority, from low to urgent, such as high.",
            },
        }
    ),
    may_change=("/tickets/*/priority",),
    preconditions=(
        rules.TICKET_EXISTS,
        rules.TICKET_WORKABLE,
        Condition(
            rule="inputs.priority != 'urgent'"
            " || !state.customers[state.tickets[inputs.ticket].customer].blocked",
            message="a blocked customer's ticket must not be urgent",
        ),
    ),
    handler=_set_priority,
)

REPLY = Action(
    id="ticket.reply@1",
    title="Reply to the customer",
    description=(
        "Mails a public reply to the ticket's customer and sets an open ticket to pending. Write "
        "the body in the customer's language unless the person gives the words. What colleagues "
        "only should read goes into ticket.add_note. A mail can't be called back. Costs 3 units."
    ),
    targets=("tickets",),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "body": fields.text(
                "The whole text of the mail, such as: Hello Tom, the Orbit takes E27 bulbs.",
                longest=4000,
            ),
        }
    ),
    may_change=("/tickets/*/last_reply", "/tickets/*/status"),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        rules.TICKET_EXISTS,
        rules.TICKET_NOT_CLOSED,
        rules.TICKETS_CUSTOMER_NOT_ERASED,
    ),
    cost=3,
    side_effects=(
        SideEffect(job="mail.send_reply", description="Mails the reply to the customer."),
    ),
    handler=_reply,
)

ADD_NOTE = Action(
    id="ticket.add_note@1",
    title="Add an internal note",
    description=(
        "Writes an internal note on a ticket in any status; the customer never sees it. "
        "It replaces the last note shown. Costs 1 unit."
    ),
    targets=("tickets",),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "note": fields.text(
                "The note, such as: Customer will send photos on Friday.", longest=2000
            ),
        }
    ),
    may_change=("/tickets/*/last_note",),
    preconditions=(rules.TICKET_EXISTS,),
    handler=_add_note,
)

RESOLVE = Action(
    id="ticket.resolve@1",
    title="Resolve a ticket",
    description=(
        "Marks an open or pending ticket as answered for good. Refunds must come before it. "
        "Costs 1 unit."
    ),
    targets=("tickets",),
    input_schema=fields.record({"ticket": fields.TICKET}),
    may_change=("/tickets/*/status",),
    preconditions=(rules.TICKET_EXISTS, rules.TICKET_WORKABLE),
    handler=_resolve,
)

REOPEN = Action(
    id="ticket.reopen@1",
    title="Reopen a ticket",
    description=(
        "Sets a resolved or closed ticket to open again; it keeps its assignee only if that agent "
        "is on shift. Merged tickets stay closed. Costs 1 unit."
    ),
    targets=("tickets", "desk", "customers"),
    input_schema=fields.record({"ticket": fields.TICKET}),
    may_change=("/tickets/*/status", "/tickets/*/assignee"),
    preconditions=(
        rules.TICKET_EXISTS,
        Condition(
            rule="state.tickets[inputs.ticket].status in ['resolved', 'closed']",
            message="the ticket must be resolved or closed",
        ),
        Condition(
            rule="state.tickets[inputs.ticket].merged_into == null",
            message="the ticket must not be merged into another; work on that one",
        ),
        rules.TICKETS_CUSTOMER_NOT_ERASED,
        Condition(
            rule="state.tickets[inputs.ticket].priority != 'urgent'"
            " || !state.customers[state.tickets[inputs.ticket].customer].blocked",
            message="a blocked customer's urgent ticket must stay shut",
        ),
    ),
    handler=_reopen,
)

CLOSE = Action(
    id="ticket.close@1",
    title="Close a ticket",
    description=(
        "Files a resolved ticket away. An open or pending ticket must be resolved first, as a "
        "step of its own. Costs 1 unit."
    ),
    targets=("tickets",),
    input_schema=fields.record({"ticket": fields.TICKET}),
    may_change=("/tickets/*/status",),
    preconditions=(
        rules.TICKET_EXISTS,
        Condition(
            rule="state.tickets[inputs.ticket].status == 'resolved'",
            message="the ticket must be resolved",
        ),
    ),
    handler=_close,
)

MERGE = Action(
    id="ticket.merge@1",
    title="Merge two tickets",
    description=(
        "Closes the source ticket and carries on in the target, which also takes over its tags. "
        "Both must belong to the same customer and neither may be closed. When the person does "
        "not say which one stays, the older one (lower number) is the target. Can't be undone. "
        "Costs 2 units."
    ),
    targets=("tickets",),
    input_schema=fields.record(
        {
            "source": {
                **fields.TICKET,
                "description": "Id of the ticket that is closed, such as t_105.",
            },
            "target": {
                **fields.TICKET,
                "description": "Id of the ticket that carries on, such as t_104.",
            },
        }
    ),
    may_change=("/tickets/*/status", "/tickets/*/merged_into", "/tickets/*/tags"),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        Condition(
            rule="inputs.source in state.tickets && inputs.target in state.tickets",
            message="both tickets must be tickets of the desk",
        ),
        Condition(
            rule="inputs.source != inputs.target", message="a ticket can't be merged into itself"
        ),
        Condition(
            rule="state.tickets[inputs.source].customer == state.tickets[inputs.target].customer",
            message="both tickets must belong to the same customer",
        ),
        Condition(
            rule="state.tickets[inputs.source].status != 'closed'"
            " && state.tickets[inputs.target].status != 'closed'",
            message="neither ticket may be closed",
        ),
    ),
    cost=2,
    handler=_merge,
)

ESCALATE = Action(
    id="ticket.escalate@1",
    title="Escalate a ticket",
    description=(
        "Moves an open or pending ticket into another team's queue with the reason as internal "
        "note, and takes it off its assignee. Use it when the person wants a team to take over: "
        "finance for money, technical for defects, logistics for deliveries, legal for threats "
        "and data protection. Costs 2 units."
    ),
    targets=("tickets",),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "team": {
                "enum": [team for team in fields.TEAMS if team != "support"],
                "description": "The team that takes over, such as finance.",
            },
            "reason": fields.text(
                "Why, for the team, such as: Refund above the desk's limit.", longest=500
            ),
        }
    ),
    may_change=("/tickets/*/team", "/tickets/*/assignee", "/tickets/*/last_note"),
    preconditions=(
        rules.TICKET_EXISTS,
        rules.TICKET_WORKABLE,
        Condition(
            rule="state.tickets[inputs.ticket].team != inputs.team",
            message="the ticket must not be in that team's queue already",
        ),
    ),
    cost=2,
    handler=_escalate,
)

ACTIONS = (ASSIGN, SET_PRIORITY, REPLY, ADD_NOTE, RESOLVE, REOPEN, CLOSE, MERGE, ESCALATE)
