"""Count, before it is executed, how many fields an operation can make the platform resolve.

A list counts as often as its `first` says, and what is loaded whole counts whatever of it is shown.
A fragment is counted once and used as a number, so that fragments which double each other cost
their reader nothing but the refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from runtime.entrypoints.graphql.connections import MOST_OUTCOMES, USUAL_ITEMS
from runtime.entrypoints.graphql.limits import ReadDocument
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason

MOST_COST: Final = 25_000
HEAVY: Final[Mapping[str, int]] = {
    "executePlan": 200,
    "simulatePlan": 100,
    "revertState": 200,
    "activatePolicy": 500,
    "deactivatePolicy": 200,
    "state": 1_000,
    "verification": 10_000,
    "difference": 2_000,
    "policy": 200,
    "registry": 50,
    "auditRecords": 100,
    "say": 2_000,
    "executeTurn": 200,
    "simulateDelivery": 100,
    "simulateTurn": 100,
    "exportTurn": 100,
    "redriveJobs": 200,
    "resendDeliveries": 200,
    "uploadGate": 100,
    "facts": 200,
    "plugins": 200,
}
"""What a field costs that makes the platform do more than read a row."""
LOADED: Final[Mapping[str, int]] = {
    "OutcomeConnection": 4,
    "SnapshotConnection": 4,
    "ApprovalConnection": 4,
    "ScheduleConnection": 4,
    "AuditRecordConnection": 4,
    "EventPage": 4,
    "TurnConnection": 4,
    "ProjectUsageConnection": 20,
    "Snapshot": 4,
    "Approval": 4,
    "Schedule": 4,
    "AuditRecord": 4,
    "Turn": 4,
    "Gate": 20,
    "Queue": 100,
    "Usage": 100,
    "OrganizationUsage": 100,
    "ModelUsage": 100,
    "Node": 4,
    "Member": 6,
    "Outcome": 10,
}
"""What an object, or each item of a list, costs beside its fields.

Most are loaded with all of their JSON, whatever of it is shown. What something else names is waited
for one by one.
"""
JSON_COST: Final = 4
"""What a field of any JSON costs, which has no bound but that of what was stored."""
_LEADS_ON: Final = ("Connection", "Edge")


@dataclass(slots=True, kw_only=True)
class _Count:
    schema: GraphQLSchema
    read: ReadDocument
    variables: Mapping[str, Any]
    fragments: dict[str, int] = field(default_factory=dict)

    def selection(self, selection: SelectionSetNode | None, parent: object) -> int:
        """Return what a selection costs on a type."""
        if selection is None:
            return 0
        return sum(self._node(node, parent) for node in selection.selections)

    def _node(self, node: object, parent: object) -> int:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, InlineFragmentNode):
            narrowed = getattr(node, "type_condition", None)  # `... { }` has none
            inner = parent if narrowed is None else self.schema.get_type(narrowed.name.value)
            return self.selection(node.selection_set, inner)
        assert isinstance(node, FragmentSpreadNode)  # noqa: S101  # there is no other kind
        return self._fragment(node.name.value)

    def _fragment(self, name: str) -> int:
        if name not in self.fragments:
            found = self.read.fragments[name]
            inner = self.schema.get_type(found.type_condition.name.value)
            self.fragments[name] = self.selection(found.selection_set, inner)
        return self.fragments[name]

    def _field(self, node: FieldNode, parent: object) -> int:
        known = _field_of(parent, node.name.value)
        if known is None:  # such as __typename
            return 1
        kind = get_named_type(known.type)
        if kind.name == "PageInfo":  # one of a whole list
            return 0
        each = _loaded(kind.name, parent) + self.selection(node.selection_set, kind)
        times = self._items(node) if "first" in known.args else 1
        once = HEAVY.get(node.name.value, JSON_COST if kind.name == "Json" else 1)
        return once + times * each

    def _items(self, node: FieldNode) -> int:
        """Return how many items a list may have at most."""
        for argument in node.arguments:
            if argument.name.value != "first":
                continue
            if isinstance(argument.value, IntValueNode):
                return max(1, int(argument.value.value))
            if isinstance(argument.value, VariableNode):
                return self._told(argument.value.name.value)
        return USUAL_ITEMS

    def _told(self, name: str) -> int:
        """Return what a variable says; the library takes a float that is whole for an Int."""
        told = self.variables[name] if name in self.variables else self._default(name)
        if type(told) is int or (isinstance(told, float) and told.is_integer()):
            return max(1, int(told))
        return MOST_OUTCOMES

    def _default(self, name: str) -> int | None:
        """Return what a variable says that was not sent; None where that can't be told."""
        for definition in self.read.operation.variable_definitions or ():
            if definition.variable.name.value != name:
                continue
            default = definition.default_value
            if default is None:  # the field's own default holds
                return USUAL_ITEMS
            return int(default.value) if isinstance(default, IntValueNode) else None
        return None


def refuse_costly(schema: GraphQLSchema, read: ReadDocument, variables: Mapping[str, Any]) -> int:
    """Return what an operation costs, in fields; it fits the schema.

    Raises:
        DocumentRefusedError: more than `MOST_COST`.
    """
    counted = _Count(schema=schema, read=read, variables=variables)
    root = schema.get_root_type(read.operation.operation)
    cost = counted.selection(read.operation.selection_set, root)
    if cost > MOST_COST:
        raise DocumentRefusedError(
            Reason.TOO_COSTLY,
            f"the operation may cost {cost} fields, at most {MOST_COST} may be; "
            "ask for fewer items with `first`",
        )
    return cost


def _loaded(kind: str, parent: object) -> int:
    """Return what an object costs beside its fields; what a list has loaded costs no more."""
    if getattr(parent, "name", "").endswith(_LEADS_ON):
        return 0
    return LOADED.get(kind, 0)


def _field_of(parent: object, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        fields: Mapping[str, GraphQLField] = parent.fields
        return fields.get(name)
    return None
