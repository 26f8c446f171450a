"""State the preconditions that several actions of the desk share, each once.

A rule that reads a row stands behind the rule that says that the row exists: the engine stops at
the first rule that does not hold.
"""

from __future__ import annotations

from runtime.domain.condition import Condition

_TICKET = "state.tickets[inputs.ticket]"
_TICKETS_CUSTOMER = f"state.customers[{_TICKET}.customer]"

TICKET_EXISTS = Condition(
    rule="inputs.ticket in state.tickets", message="the ticket must be one of the desk's tickets"
)
TICKET_WORKABLE = Condition(
    rule=f"{_TICKET}.status in ['open', 'pending']",
    message="the ticket must be open or pending; reopen it first",
)
TICKET_NOT_CLOSED = Condition(
    rule=f"{_TICKET}.status != 'closed'",
    message="the ticket must not be closed; reopen it first",
)
TICKETS_CUSTOMER_NOT_BLOCKED = Condition(
    rule=f"!{_TICKETS_CUSTOMER}.blocked",
    message="the ticket's customer must not be blocked",
)
TICKETS_CUSTOMER_NOT_ERASED = Condition(
    rule=f"!{_TICKETS_CUSTOMER}.erased",
    message="the ticket's customer must not be erased",
)
CUSTOMER_EXISTS = Condition(
    rule="inputs.customer in state.customers",
    message="the customer must be one of the desk's customers",
)
CUSTOMER_NOT_ERASED = Condition(
    rule="!state.customers[inputs.customer].erased",
    message="the customer must not be erased already",
)
AGENT_EXISTS = Condition(
    rule="inputs.agent in state.desk.agents", message="the agent must be one of the desk's agents"
)
