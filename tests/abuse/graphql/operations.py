"""Ask one operation in both ways: as a document of GraphQL, and as a request of REST.

A request is written once, with places such as `{project}`; `Things` says what stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from runtime.kit.json_value import JsonObject

TYPES: Final[Mapping[str, str]] = {
    "project": "ID!",
    "organization": "ID!",
    "member": "ID!",
    "record": "ID!",
    "outcome": "ID!",
    "approval": "ID!",
    "job": "ID!",
    "schedule": "ID!",
    "hook": "ID!",
    "webhook": "ID!",
    "org_webhook": "ID!",
    "delivery": "ID!",
    "org_delivery": "ID!",
    "service": "ID!",
    "conversation": "ID!",
    "turn": "ID!",
    "gate": "ID!",
    "node": "ID!",
    "digest": "String!",
    "version": "Whole!",
    "environment": "String!",
    "name": "String!",
    "plugin": "String!",
    "fact": "String!",
    "report": "Json!",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Name what a request is about."""

    project: str
    organization: str
    member: str
    record: str
    outcome: str
    approval: str
    job: str
    schedule: str
    hook: str
    webhook: str
    org_webhook: str
    delivery: str
    org_delivery: str
    service: str
    conversation: str
    turn: str
    gate: str
    digest: str
    version: int
    environment: str
    name: str
    plugin: str
    fact: str
    report: JsonObject
    own: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Hold one operation, asked in both ways.

    Attributes:
        field: of the schema, such as `Query.me`.
        asked: the selection, with variables named as `Things`.
        document: of the route's body, with places in its texts.
        node: how `node` is told what to find.
    """

    field: str
    asked: str
    method: str
    path: str
    document: JsonObject | None = None
    node: str = ""

    @property
    def mutates(self) -> bool:
        """Say whether it changes something."""
        return self.field.startswith("Mutation.")

    @property
    def query(self) -> str:
        """Return the document of GraphQL."""
        kind = {"Mutation": "mutation", "Subscription": "subscription"}.get(
            self.field.partition(".")[0], "query"
        )
        names = [name for name in TYPES if f"${name}" in self.asked]
        declared = ", ".join(f"${name}: {TYPES[name]}" for name in names)
        return f"{kind}{f'({declared})' if declared else ''} {{ {self.asked} }}"

    def variables(self, things: Things) -> JsonObject:
        """Return the variables for some things."""
        told = asdict(things) | {"node": self.node.format(**asdict(things))}
        return {name: told[name] for name in TYPES if f"${name}" in self.asked}

    def request(self, things: Things) -> tuple[str, str, JsonObject | None]:
        """Return method, path and body of REST for some things."""
        told = asdict(things)
        return self.method, self.path.format(**told), _filled(self.document, told)


def _filled(document: Any, told: Mapping[str, Any]) -> Any:  # noqa: ANN401  # of JSON
    if isinstance(document, dict):
        return {name: _filled(value, told) for name, value in document.items()}
    if isinstance(document, list):
        return [_filled(item, told) for item in document]
    if isinstance(document, tuple):  # as it is, not as a text
        return told[document[0]]
    if isinstance(document, str):
        return document.format(**told)
    return document


PROJECT: Final = "/v1/projects/{project}"
ORGANIZATION: Final = "/v1/organizations/{own}"
ITEMS: Final = "{ nodes { __typename } }"


def read(field: str, asked: str, path: str) -> Operation:
    """Pair a field of `Query` with what is read at a path."""
    return Operation(field=f"Query.{field}", asked=asked, method="GET", path=path)


def inside(field: str, asked: str, path: str) -> Operation:
    """Pair a field of a project's contents with what is read below it."""
    return Operation(
        field=f"ProjectContents.{field}",
        asked=f"project(id: $project) {{ {asked} }}",
        method="GET",
        path=f"{PROJECT}{path}",
    )


def node(kind: str, node: str, path: str) -> Operation:
    """Pair what `node` finds of a kind with what is read at a path."""
    asked = f"node(id: $node) {{ ... on {kind} {{ id }} }}"
    return Operation(field="Query.node", asked=asked, method="GET", path=path, node=node)


def change(
    field: str, asked: str, path: str, document: JsonObject | None = None, method: str = "POST"
) -> Operation:
    """Pair a mutation with a request that changes something."""
    return Operation(
        field=f"Mutation.{field}",
        asked=f"{field}{asked}",
        method=method,
        path=path,
        document=document,
    )
