"""Describe the inputs that several actions of the desk share, each once."""

from __future__ import annotations

from runtime.kit.json_value import JsonObject

SMALL_REFUND_CENTS = 5_000
LARGEST_REFUND_CENTS = 500_000

STATUSES = ("open", "pending", "resolved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TEAMS = ("support", "finance", "technical", "logistics", "legal")
TIERS = ("standard", "gold")
LANGUAGES = ("en", "de", "fr", "it", "es")

TICKET_PATTERN = "^t_[1-9][0-9]{2,5}$"
CUSTOMER_PATTERN = "^c_[1-9][0-9]{0,5}$"
AGENT_PATTERN = "^a_[a-z]{2,20}$"

TICKET: JsonObject = {
    "type": "string",
    "pattern": TICKET_PATTERN,
    "description": "Id of the ticket, a key of tickets, such as t_100.",
}
CUSTOMER: JsonObject = {
    "type": "string",
    "pattern": CUSTOMER_PATTERN,
    "description": "Id of the customer, a key of customers, such as c_1.",
}
AGENT: JsonObject = {
    "type": "string",
    "pattern": AGENT_PATTERN,
    "description": "Id of the agent, a key of desk.agents, such as a_bruno.",
}


def text(description: str, *, longest: int) -> JsonObject:
    """Return the schema of a text that must not be empty and has at most `longest` characters."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "description": description}


def amount_cents(description: str, *, largest: int) -> JsonObject:
    """Return the schema of a positive amount of money in whole euro cents."""
    return {"type": "integer", "minimum": 1, "maximum": largest, "description": description}


def record(properties: JsonObject, *, optional: tuple[str, ...] = ()) -> JsonObject:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def table(key_pattern: str, row: JsonObject) -> JsonObject:
    """Return the schema of an object that maps ids to rows of one shape."""
    return {
        "type": "object",
        "propertyNames": {"pattern": key_pattern},
        "additionalProperties": row,
    }
