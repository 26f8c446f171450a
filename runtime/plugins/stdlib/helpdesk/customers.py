"""Declare what may be done to a customer: change the tier, block, erase."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.helpdesk import fields, rules

ERASED = "erased"

_SYNC = SideEffect(job="crm.sync", description="Carries the change into the customer database.")


def _set_tier(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["customers"][inputs["customer"]]["tier"] = inputs["tier"]
    return state


def _block(inputs: JsonObject, state: JsonObject) -> JsonObject:
    customer = state["customers"][inputs["customer"]]
    customer["blocked"] = True
    customer["block_reason"] = inputs["reason"]
    return state


def _erase(inputs: JsonObject, state: JsonObject) -> JsonObject:
    customer = state["customers"][inputs["customer"]]
    customer |= {"name": ERASED, "email": "", "block_reason": None, "erased": True}
    for ticket in state["tickets"].values():
        if ticket["customer"] == inputs["customer"]:
            ticket |= {"subject": ERASED, "message": "", "last_reply": "", "last_note": ""}
    return state


SET_TIER = Action(
    id="customer.set_tier@1",
    title="Set a customer's tier",
    description=(
        "Moves a customer to the gold or the standard tier. The tier changes what service the "
        "customer may claim, so use it only when the person asks for it. Costs 2 units."
    ),
    targets=("customers",),
    input_schema=fields.record(
        {
            "customer": fields.CUSTOMER,
            "tier": {"enum": list(fields.TIERS), "description": "The new tier, such as gold."},
        }
    ),
    may_change=("/customers/*/tier",),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        rules.CUSTOMER_EXISTS,
        rules.CUSTOMER_NOT_ERASED,
        Condition(
            rule="state.customers[inputs.customer].tier != inputs.tier",
            message="the customer must not be in that tier already",
        ),
    ),
    cost=2,
    side_effects=(_SYNC,),
    handler=_set_tier,
)

BLOCK = Action(
    id="customer.block@1",
    title="Block a customer",
    description=(
        "Bars a customer from refunds and urgent tickets; only the back office can lift it. For "
        "fraud and abuse, never for mere rudeness. Only for the role admin, with confirmation. An "
        "open or pending urgent ticket of the customer must be lowered or resolved first. "
        "Costs 5 units."
    ),
    targets=("customers", "tickets"),
    input_schema=fields.record(
        {
            "customer": fields.CUSTOMER,
            "reason": fields.text(
                "Why, for the record, such as: Three chargebacks in one week.", longest=500
            ),
        }
    ),
    may_change=("/customers/*/blocked", "/customers/*/block_reason"),
    permission=Permission(risk=Risk.HIGH, confirmation=True, roles=("admin",)),
    preconditions=(
        rules.CUSTOMER_EXISTS,
        rules.CUSTOMER_NOT_ERASED,
        Condition(
            rule="!state.customers[inputs.customer].blocked",
            message="the customer must not be blocked already",
        ),
        Condition(
            rule="state.tickets.all(id, state.tickets[id].customer != inputs.customer"
            " || state.tickets[id].priority != 'urgent'"
            " || !(state.tickets[id].status in ['open', 'pending']))",
            message="the customer must have no open or pending urgent ticket",
        ),
    ),
    cost=5,
    side_effects=(_SYNC,),
    handler=_block,
)

ERASE = Action(
    id="customer.erase@1",
    title="Erase a customer's personal data",
    description=(
        "Erases a customer's name, address and the texts of their tickets for good, as data "
        "protection law (GDPR) grants. Irreversible: use it only on an explicit request for "
        "erasure. Only for the role admin, with confirmation and a colleague's approval, which "
        "the system asks for by itself. All of the customer's tickets must be resolved or closed. "
        "Costs 20 units."
    ),
    targets=("customers", "tickets"),
    input_schema=fields.record({"customer": fields.CUSTOMER}),
    may_change=(
        "/customers/*/name",
        "/customers/*/email",
        "/customers/*/block_reason",
        "/customers/*/erased",
        "/tickets/*/subject",
        "/tickets/*/message",
        "/tickets/*/last_reply",
        "/tickets/*/last_note",
    ),
    permission=Permission(risk=Risk.HIGH, confirmation=True, approvals=1, roles=("admin",)),
    preconditions=(
        rules.CUSTOMER_EXISTS,
        rules.CUSTOMER_NOT_ERASED,
        Condition(
            rule="state.tickets.all(id, state.tickets[id].customer != inputs.customer"
            " || !(state.tickets[id].status in ['open', 'pending']))",
            message="all of the customer's tickets must be resolved or closed",
        ),
    ),
    cost=20,
    side_effects=(_SYNC,),
    handler=_erase,
)

ACTIONS = (SET_TIER, BLOCK, ERASE)
