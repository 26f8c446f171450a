"""Write the client's documents: each schema of `docs/openapi.json` as a TypedDict or a Literal.

A schema stands with the tag whose operations alone need it, else with those that several need;
closed sets that several need stand apart.
"""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

SHARED: Final = "shared"
KINDS: Final = "kinds"
PREFIX: Final = "#/components/schemas/"
_PAGE: Final = "PageOut_"
_PLAIN: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}


class Documents:
    """Know each schema's name, its home, and how it is spelled in Python."""

    def __init__(self, description: dict[str, Any]) -> None:
        """Find out which tags need which schema, by what and through what."""
        self._schemas: dict[str, Any] = description["components"]["schemas"]
        self._tags: dict[str, set[str]] = defaultdict(set)
        for tag, operation in _operations(description):
            for name in _named(_asked_and_answered(operation)):
                self._need(name, tag)

    def modules(self) -> dict[str, str]:
        """Return the text of each module, by its name."""
        homes: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._tags, key=self.name_of):
            if name.startswith(_PAGE):
                continue  # the client goes over pages itself
            homes[self.home_of(name)].append(name)
        return {home: self._module(home, names) for home, names in sorted(homes.items())}

    def home_of(self, name: str) -> str:
        """Return the module of a schema."""
        tags = self._tags[name]
        if len(tags) == 1:
            return next(iter(tags))
        return KINDS if "enum" in self._schemas[name] else SHARED

    def item_of(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        """Return the schema of what a page lists; None: it is no page."""
        name = schema.get("$ref", "").removeprefix(PREFIX)
        if not name.startswith(_PAGE):
            return None
        item: dict[str, Any] = self._schemas[name]["properties"]["items"]["items"]
        return item

    def name_of(self, name: str) -> str:
        """Return what Python calls a schema.

        >>> Documents({"components": {"schemas": {}}, "paths": {}}).name_of("a__tokens__RotationIn")
        'TokensRotationIn'
        """
        parts = name.split("__")[-2:]
        return parts[0] if len(parts) == 1 else "".join(map(_camel, parts))

    def spelled(self, schema: dict[str, Any], used: set[str]) -> str:
        """Return the type of a schema, and note the schemas that it names."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(PREFIX)
            used.add(name)
            return self.name_of(name)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return " | ".join(dict.fromkeys(self.spelled(at, used) for at in schema[choice]))
        if "enum" in schema or "const" in schema:
            return f"Literal[{', '.join(map(repr, schema.get('enum', [schema.get('const')])))}]"
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self.spelled(schema.get('items', {}), used)}]"
        if kind == "object":
            rest = schema.get("additionalProperties")
            inner = self.spelled(rest, used) if isinstance(rest, dict) and rest else "Any"
            return f"dict[str, {inner}]"
        if isinstance(kind, list):
            return " | ".join(self.spelled({"type": item}, used) for item in kind)
        return _PLAIN.get(kind or "", "Any")

    def imports(self, used: Iterable[str], *, besides: str | None = None) -> Iterator[str]:
        """Yield the imports of schemas that live elsewhere."""
        homes: dict[str, set[str]] = defaultdict(set)
        for name in used:
            if self.home_of(name) != besides:
                homes[self.home_of(name)].add(self.name_of(name))
        for home, names in sorted(homes.items()):
            yield f"from runtime.client.documents.{home} import {', '.join(sorted(names))}"

    def _need(self, name: str, tag: str) -> None:
        if name in self._schemas and tag not in self._tags[name]:
            self._tags[name].add(tag)
            for inner in _named(self._schemas[name]):
                self._need(inner, tag)

    def _module(self, home: str, names: list[str]) -> str:
        used = set[str]()
        bodies = [self._declared(name, used) for name in self._ordered(names)]
        text = "\n\n".join(bodies)
        shared = home in {SHARED, KINDS}
        whose = "several kinds of operations" if shared else f"operations on {home}"
        typing = [word for word in _TYPING if re.search(rf"\b{word}\b", text)]
        head = [
            f'"""Spell the documents of {whose}, as the REST API does.',
            "",
            "Written by `python -m tests.docs.renew_client`; change the API, not this.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            f"from typing import {', '.join(typing)}" if typing else "",
            *self.imports(used, besides=home),
        ]
        return "\n".join(head) + "\n\n" + text + "\n"

    def _ordered(self, names: list[str]) -> Iterator[str]:
        """Yield names behind what their values need: aliases of unions and Literals first."""
        return iter(sorted(names, key=lambda name: _is_object(self._schemas[name])))

    def _declared(self, name: str, used: set[str]) -> str:
        schema = self._schemas[name]
        called = self.name_of(name)
        told = _sentence(schema, otherwise=f"Hold a {called} as the API spells it.")
        if not _is_object(schema):
            return f'{called}: TypeAlias = {self.spelled(schema, used)}\n"""{told}"""'
        required = set(schema.get("required", ()))
        fields = {
            field: self.spelled(inner, used) if field in required else self._perhaps(inner, used)
            for field, inner in schema["properties"].items()
        }
        if any(keyword.iskeyword(field) or not field.isidentifier() for field in fields):
            items = ", ".join(f"{field!r}: {spelled!r}" for field, spelled in fields.items())
            return f'{called} = TypedDict("{called}", {{{items}}})\n"""{told}"""'
        lines = [f"    {field}: {spelled}" for field, spelled in fields.items()]
        return "\n".join([f"class {called}(TypedDict):", f'    """{told}"""', "", *lines])

    def _perhaps(self, schema: dict[str, Any], used: set[str]) -> str:
        return f"NotRequired[{self.spelled(schema, used)}]"


_TYPING: Final = ("Any", "Literal", "NotRequired", "TypeAlias", "TypedDict")


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in description["paths"].values():
        for operation in methods.values():
            yield operation["tags"][0], operation


def _asked_and_answered(operation: dict[str, Any]) -> list[Any]:
    fine = [answer for status, answer in operation["responses"].items() if status < "3"]
    return [operation.get("parameters"), operation.get("requestBody"), fine]


def _named(part: object) -> Iterator[str]:
    """Yield each schema that a part of the description refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix(PREFIX)
        for inner in part.values():
            yield from _named(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner)


def _is_object(schema: dict[str, Any]) -> bool:
    return "properties" in schema


def _sentence(schema: dict[str, Any], *, otherwise: str) -> str:
    said = schema.get("description", "").strip().split("\n\n")[0].split("\n")
    first = said[0].strip().replace("\\", "\\\\")
    return first if len(said) == 1 and first.endswith(".") and len(first) < 90 else otherwise


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
