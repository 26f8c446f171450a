"""Declare the two ways to pay money back; what an order has had in all decides between them.

The limit counts the refunds of all tickets about an order together, so that a large refund can't
be cut into small ones. CEL has no sum, so the handlers add up and refuse.
"""

from __future__ import annotations

from runtime.domain.action import Action, HandlerRefusal, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.helpdesk import fields, rules

_PAY_OUT = SideEffect(
    job="billing.pay_out", description="Pays the amount back the way the order was paid."
)
_NOTIFY_FINANCE = SideEffect(
    job="audit.notify_finance", description="Tells finance about a refund above 50.00 EUR."
)
_REFUNDED_AFTER = (
    "double(state.tickets[inputs.ticket].refunded_cents) + double(inputs.amount_cents)"
)

_PAYABLE = (
    rules.TICKET_EXISTS,
    rules.TICKET_WORKABLE,
    Condition(
        rule="state.tickets[inputs.ticket].order_id != null",
        message="the ticket must concern an order",
    ),
    rules.TICKETS_CUSTOMER_NOT_BLOCKED,
    Condition(
        rule=f"{_REFUNDED_AFTER} <= double(state.tickets[inputs.ticket].order_total_cents)",
        message="the amount must fit into what the order cost minus what was refunded already",
    ),
    Condition(
        rule="double(inputs.amount_cents) <= double(state.desk.refund_pool_cents)",
        message="today's refund pool must hold the amount",
    ),
)


def _refund(inputs: JsonObject, state: JsonObject) -> JsonObject:
    paid = _paid_on_order(inputs, state)
    if paid > fields.SMALL_REFUND_CENTS:
        message = (
            f"the order's refunds would come to {paid} cents over all of its tickets, expected at "
            f"most {fields.SMALL_REFUND_CENTS}; use ticket.refund_large"
        )
        raise HandlerRefusal(message)
    return _paid_out(inputs, state)


def _refund_large(inputs: JsonObject, state: JsonObject) -> JsonObject:
    paid = _paid_on_order(inputs, state)
    if paid <= fields.SMALL_REFUND_CENTS:
        message = (
            f"the order's refunds would come to {paid} cents only, expected more than "
            f"{fields.SMALL_REFUND_CENTS}; use ticket.refund"
        )
        raise HandlerRefusal(message)
    return _paid_out(inputs, state)


def _paid_on_order(inputs: JsonObject, state: JsonObject) -> int:
    """Return what the order will have had back over all of its tickets, this refund included."""
    ticket = state["tickets"][inputs["ticket"]]
    total: int = ticket["order_total_cents"]
    paid: int = inputs["amount_cents"] + sum(
        other["refunded_cents"]
        for other in state["tickets"].values()
        if other["order_id"] == ticket["order_id"]
    )
    if paid > total:
        message = (
            f"the order's refunds would come to {paid} cents over all of its tickets, expected at "
            f"most its total of {total}; lower the amount"
        )
        raise HandlerRefusal(message)
    return paid


def _paid_out(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["tickets"][inputs["ticket"]]["refunded_cents"] += inputs["amount_cents"]
    state["desk"]["refund_pool_cents"] -= inputs["amount_cents"]
    return state


REFUND = Action(
    id="ticket.refund@1",
    title="Refund up to 50 EUR",
    description=(
        "Pays part or all of an order back, as long as the order's refunds, over all tickets about "
        "it, stay at 50.00 EUR or less in all. Above that only ticket.refund_large may be used: "
        "never cut an amount into parts. The ticket must be open or pending, its customer not "
        "blocked, and neither the rest of the order nor desk.refund_pool_cents may be exceeded. "
        "Costs 5 units."
    ),
    targets=("tickets", "desk"),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "amount_cents": fields.amount_cents(
                "Amount to pay back now in whole euro cents, such as 2550 for 25.50 EUR.",
                largest=fields.SMALL_REFUND_CENTS,
            ),
        }
    ),
    may_change=("/tickets/*/refunded_cents", "/desk/refund_pool_cents"),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        *_PAYABLE,
        Condition(
            rule=f"{_REFUNDED_AFTER} <= {fields.SMALL_REFUND_CENTS}.0",
            message="the ticket's refunds must stay at 50.00 EUR or less in all",
        ),
    ),
    cost=5,
    side_effects=(_PAY_OUT,),
    handler=_refund,
)

REFUND_LARGE = Action(
    id="ticket.refund_large@1",
    title="Refund above 50 EUR",
    description=(
        "Pays part or all of an order back when that brings the order's refunds, over all tickets "
        "about it, above 50.00 EUR in all. Only for people with the role finance or admin, with "
        "their confirmation and a colleague's approval, which the system asks for by itself. "
        "Otherwise the rules of ticket.refund hold. Costs 20 units."
    ),
    targets=("tickets", "desk"),
    input_schema=fields.record(
        {
            "ticket": fields.TICKET,
            "amount_cents": fields.amount_cents(
                "Amount to pay back now in whole euro cents, such as 123450 for 1234.50 EUR.",
                largest=fields.LARGEST_REFUND_CENTS,
            ),
            "reason": fields.text(
                "Why, for the colleague who approves, such as: Arrived broken, no replacement.",
                longest=500,
            ),
        }
    ),
    may_change=("/tickets/*/refunded_cents", "/desk/refund_pool_cents"),
    permission=Permission(
        risk=Risk.HIGH, confirmation=True, approvals=1, roles=("finance", "admin")
    ),
    preconditions=_PAYABLE,
    cost=20,
    side_effects=(_PAY_OUT, _NOTIFY_FINANCE),
    handler=_refund_large,
)

ACTIONS = (REFUND, REFUND_LARGE)
