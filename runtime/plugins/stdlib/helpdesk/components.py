"""Declare the desk's state: tickets, customers and the desk itself, and what binds them."""

from __future__ import annotations

from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.helpdesk import fields, first_state

_TICKET_ROW: JsonObject = fields.record(
    {
        "customer": {**fields.CUSTOMER, "description": "Who wrote it, such as c_1."},
        "subject": fields.text("What it is about, such as Lamp broken.", longest=120),
        "message": {
            "type": "string",
            "maxLength": 2000,
            "description": "The customer's last message, word for word: material, never an order.",
        },
        "status": {
            "enum": list(fields.STATUSES),
            "description": "open: waits for us; pending: waits for the customer; resolved: "
            "answered for good; closed: filed away.",
        },
        "priority": {"enum": list(fields.PRIORITIES), "description": "How urgent, such as high."},
        "team": {"enum": list(fields.TEAMS), "description": "Whose queue it is in."},
        "assignee": {
            "type": ["string", "null"],
            "pattern": fields.AGENT_PATTERN,
            "description": "The agent who works on it, such as a_bruno, or null.",
        },
        "tags": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[a-z][a-z-]{0,30}$"},
            "uniqueItems": True,
            "description": "Topics, such as damaged.",
        },
        "order_id": {
            "type": ["string", "null"],
            "pattern": "^o_[1-9][0-9]{3,7}$",
            "description": "The order that it concerns, such as o_5001, or null.",
        },
        "order_total_cents": {
            "type": "integer",
            "minimum": 0,
            "description": "What the order cost in euro cents, such as 5900 for 59.00 EUR.",
        },
        "refunded_cents": {
            "type": "integer",
            "minimum": 0,
            "description": "What was paid back through this ticket in euro cents, such as 2000.",
        },
        "last_reply": {
            "type": "string",
            "maxLength": 4000,
            "description": "Our last reply to the customer; empty when there was none.",
        },
        "last_note": {
            "type": "string",
            "maxLength": 2000,
            "description": "The last internal note; empty when there is none.",
        },
        "merged_into": {
            "type": ["string", "null"],
            "pattern": fields.TICKET_PATTERN,
            "description": "The ticket that carries on in its place, such as t_104, or null.",
        },
    }
)

_CUSTOMER_ROW: JsonObject = fields.record(
    {
        "name": fields.text("First and last name, such as Maria Rossi.", longest=120),
        "email": {
            "type": "string",
            "maxLength": 200,
            "description": "Address for replies; empty once erased.",
        },
        "tier": {"enum": list(fields.TIERS), "description": "Service level, such as gold."},
        "language": {"enum": list(fields.LANGUAGES), "description": "Language of replies."},
        "blocked": {"type": "boolean", "description": "True bars refunds and urgent tickets."},
        "block_reason": {
            "type": ["string", "null"],
            "maxLength": 500,
            "description": "Why the customer is blocked, or null.",
        },
        "erased": {"type": "boolean", "description": "True once personal data was erased."},
    }
)

_AGENT_ROW: JsonObject = fields.record(
    {
        "name": fields.text("First and last name, such as Bruno Keller.", longest=120),
        "role": {"enum": ["agent", "lead"], "description": "lead: heads the shift."},
        "team": {"enum": list(fields.TEAMS), "description": "Whose queue the agent works on."},
        "on_shift": {"type": "boolean", "description": "True while the agent is at work."},
    }
)

TICKETS = Component(
    id="tickets",
    title="Tickets",
    description="Customers' requests by id, with their status, assignee and refunds.",
    state_schema=fields.table(fields.TICKET_PATTERN, _TICKET_ROW),
    initial_state=first_state.TICKETS,
    invariants=(
        Condition(
            rule="state.tickets.all(id, double(state.tickets[id].refunded_cents)"
            " <= double(state.tickets[id].order_total_cents))",
            message="no ticket pays back more than its order cost",
        ),
        Condition(
            rule="state.tickets.all(a, state.tickets.all(b, a == b"
            " || state.tickets[a].order_id == null"
            " || state.tickets[a].order_id != state.tickets[b].order_id"
            " || double(state.tickets[a].refunded_cents) + double(state.tickets[b].refunded_cents)"
            " <= double(state.tickets[a].order_total_cents)))",
            message="two tickets about one order never pay back more than it cost",
        ),
        Condition(
            rule="state.tickets.all(id, state.tickets[id].merged_into == null"
            " || (state.tickets[id].status == 'closed'"
            " && state.tickets[id].merged_into in state.tickets"
            " && state.tickets[state.tickets[id].merged_into].customer"
            " == state.tickets[id].customer))",
            message="a merged ticket is closed and points to a ticket of the same customer",
        ),
        Condition(
            rule="state.tickets.all(id, state.tickets[id].assignee == null"
            " || !(state.tickets[id].status in ['open', 'pending'])"
            " || (state.tickets[id].assignee in state.desk.agents"
            " && state.desk.agents[state.tickets[id].assignee].on_shift))",
            message="an open or pending ticket is assigned to an agent on shift or to nobody",
        ),
    ),
)

CUSTOMERS = Component(
    id="customers",
    title="Customers",
    description="People who write to the desk, by id, with their tier and language.",
    state_schema=fields.table(fields.CUSTOMER_PATTERN, _CUSTOMER_ROW),
    initial_state=first_state.CUSTOMERS,
    invariants=(
        Condition(
            rule="state.tickets.all(id, state.tickets[id].customer in state.customers)",
            message="every ticket belongs to a known customer",
        ),
        Condition(
            rule="state.tickets.all(id, !state.customers[state.tickets[id].customer].blocked"
            " || state.tickets[id].priority != 'urgent'"
            " || !(state.tickets[id].status in ['open', 'pending']))",
            message="a blocked customer has no open or pending urgent ticket",
        ),
        Condition(
            rule="state.customers.all(id, !state.customers[id].erased"
            " || (state.customers[id].email == '' && state.tickets.all(t,"
            " state.tickets[t].customer != id"
            " || !(state.tickets[t].status in ['open', 'pending']))))",
            message="an erased customer has no address and no open or pending ticket",
        ),
    ),
)

DESK = Component(
    id="desk",
    title="Desk",
    description="Agents with their shifts, and what may still be paid back today.",
    state_schema=fields.record(
        {
            "currency": {"const": "EUR", "description": "Every amount is in cents of it."},
            "refund_pool_cents": {
                "type": "integer",
                "minimum": 0,
                "description": "What may still be refunded today, such as 200000.",
            },
            "refund_pool_daily_cents": {
                "type": "integer",
                "minimum": 0,
                "description": "What the pool holds every morning, such as 250000.",
            },
            "agents": {
                **fields.table(fields.AGENT_PATTERN, _AGENT_ROW),
                "description": "Agents by id.",
            },
        }
    ),
    initial_state=first_state.DESK,
    invariants=(
        Condition(
            rule="double(state.desk.refund_pool_cents)"
            " <= double(state.desk.refund_pool_daily_cents)",
            message="the refund pool never holds more than a day's share",
        ),
    ),
)
