"""Turn the leaderboard's parameter declarations into JSON Schema 2020-12, and loosen them.

The source writes the type names of Python, Java and JavaScript, puts an array's `enum` on the
array, and gives defaults that break their own type. Each repair is noted, so that a reader sees
what differs from the source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue, canonical_text, json_equal

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Array": "array",
        "ArrayList": "array",
        "Bigint": "integer",
        "Boolean": "boolean",
        "HashMap": "object",
        "Hashtable": "object",
        "Queue": "array",
        "Set": "array",
        "Stack": "array",
        "String": "string",
        "array": "array",
        "bool": "boolean",
        "boolean": "boolean",
        "byte": "integer",
        "char": "string",
        "dict": "object",
        "double": "number",
        "float": "number",
        "integer": "integer",
        "list": "array",
        "long": "integer",
        "null": "null",
        "number": "number",
        "object": "object",
        "short": "integer",
        "string": "string",
        "tuple": "array",
    }
)
"""The types of Python, Java and JavaScript as the source writes them, in JSON Schema's words."""

_ANY: Final = frozenset({"any", "Any"})
_COPIED: Final = (
    "description",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """Hold a schema and what was changed to get it, each with its place."""

    schema: JsonObject
    changes: tuple[str, ...] = ()


def input_schema(parameters: JsonValue) -> Mended:
    """Return the schema of a function's inputs: an object that takes nothing undeclared.

    Raises:
        UnusableError: a part is no schema, or has a type that nobody knows.
    """
    mapper = _Mapper()
    schema = mapper.mapped({"type": "dict", **_object_of(parameters, "")}, "")
    schema.setdefault("properties", {})
    schema["additionalProperties"] = False
    schema.pop("description", None)
    return Mended(schema=schema, changes=tuple(mapper.changes))


def loosened(schema: JsonObject, value: JsonValue, pointer: str) -> Mended:
    """Return the schema changed as little as the value needs; no change means that it fits.

    Objects and lists are looked at as such only: whoever walks them loosens what they hold.
    """
    changes: list[str] = []
    wider = dict(schema)
    written = canonical_text(value)
    if "type" in wider and not _has_type(value, wider["type"]):
        kind = _type_of(value)
        wider["type"] = [*_as_list(wider["type"]), kind]
        changes.append(f"{pointer}: type {kind} allowed, because {written} is a published answer")
    if "enum" in wider and not _among(value, wider["enum"]):
        wider["enum"] = [*wider["enum"], value]
        changes.append(f"{pointer}: {written} added to the enum, because it is a published answer")
    for keyword, within in _BOUNDS.items():
        if _is_number(wider.get(keyword)) and not within(value, wider[keyword]):
            del wider[keyword]
            changes.append(f"{pointer}: {keyword} removed, because {written} is a published answer")
    return Mended(schema=wider, changes=tuple(changes))


def widened(schema: JsonObject, value: JsonValue, pointer: str) -> Mended:
    """Return the schema changed as little as the value needs, at any depth."""
    mended = loosened(schema, value, pointer)
    wider, changes = mended.schema, list(mended.changes)
    if isinstance(value, list):
        for at, item in enumerate(value):
            inside = widened(wider.get("items", {}), item, f"{pointer}/{at}")
            if inside.changes:
                wider = {**wider, "items": inside.schema}
                changes += inside.changes
    elif isinstance(value, dict):
        for name, item in value.items():
            inside = _widened_field(wider, name, item, pointer=pointer)
            wider = inside.schema
            changes += inside.changes
    return Mended(schema=wider, changes=tuple(changes))


def _widened_field(schema: JsonObject, name: str, value: JsonValue, *, pointer: str) -> Mended:
    properties: JsonObject = schema.get("properties", {})
    if name not in properties and schema.get("additionalProperties", True) is not False:
        return Mended(schema=schema)
    inside = widened(properties.get(name, {}), value, f"{pointer}/{name}")
    changes = inside.changes
    if name not in properties:
        changes = (f"{pointer}/{name}: declared, because a published answer gives it", *changes)
    if not changes:
        return Mended(schema=schema)
    return Mended(
        schema={**schema, "properties": {**properties, name: inside.schema}}, changes=changes
    )


def fits(schema: JsonObject, value: JsonValue) -> bool:
    """Say whether a value has the types, enums and bounds of a schema, inside too."""
    if loosened(schema, value, "").changes:
        return False
    if isinstance(value, list):
        return all(fits(schema.get("items", {}), item) for item in value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        declared = all(fits(properties.get(name, {}), item) for name, item in value.items())
        closed = schema.get("additionalProperties") is False
        return (
            declared
            and set(schema.get("required", ())) <= set(value)
            and not (closed and set(value) - set(properties))
        )
    return True


class _Mapper:
    """Map one declaration and keep what was changed on the way."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    def mapped(self, source: JsonObject, pointer: str) -> JsonObject:
        schema: JsonObject = {}
        kind = _mapped_type(source.get("type", "any"), pointer)
        if kind is not None:
            schema["type"] = kind
        schema |= {name: source[name] for name in _COPIED if name in source}
        if "properties" in source:
            schema |= self._object(source, pointer)
        if "items" in source:
            items = _object_of(source["items"], f"{pointer}/items")
            schema["items"] = self.mapped(items, f"{pointer}/items")
        self._enum(source, schema, pointer)
        self._default(source, schema, pointer)
        return schema

    def _object(self, source: JsonObject, pointer: str) -> JsonObject:
        declared = _object_of(source["properties"], f"{pointer}/properties")
        named = source.get("required")
        required = [name for name in _as_list(named) if name in declared]
        properties = {
            name: self.mapped(_object_of(item, f"{pointer}/{name}"), f"{pointer}/{name}")
            for name, item in declared.items()
        }
        for name in required:
            if "default" in properties[name]:
                del properties[name]["default"]
                self.changes.append(f"{pointer}/{name}: default dropped, because it is required")
        extra = source.get("additionalProperties", False)
        if isinstance(extra, dict):
            extra = self.mapped(extra, f"{pointer}/additionalProperties")
        found: JsonObject = {"properties": properties, "additionalProperties": extra}
        return {**found, "required": required} if required else found

    def _enum(self, source: JsonObject, schema: JsonObject, pointer: str) -> None:
        options = source.get("enum")
        if not isinstance(options, list) or not options:
            return
        fitting = [option for option in options if fits(schema, option)]
        if fitting:
            schema["enum"] = fitting
            if len(fitting) < len(options):
                self.changes.append(f"{pointer}: enum values of another type dropped")
            return
        items = schema.get("items", {})
        if schema.get("type") == "array" and all(fits(items, option) for option in options):
            schema["items"] = {**items, "enum": options}
            self.changes.append(f"{pointer}: enum moved to the items of the array")
            return
        self.changes.append(f"{pointer}: enum dropped, because no value of it has the type")

    def _default(self, source: JsonObject, schema: JsonObject, pointer: str) -> None:
        if "default" not in source:
            return
        if fits(schema, source["default"]):
            schema["default"] = source["default"]
            return
        written = canonical_text(source["default"])
        self.changes.append(f"{pointer}: default {written} dropped, because it breaks its schema")


def _mapped_type(name: JsonValue, pointer: str) -> JsonValue:
    """Return the type in JSON Schema's words; None where any value will do."""
    if isinstance(name, list):
        kinds = [_mapped_type(item, pointer) for item in name]
        return None if None in kinds else kinds
    if not isinstance(name, str):
        raise UnusableError(f"'{pointer}' has type {canonical_text(name)}, expected its name")
    if name in _ANY:
        return None
    if name not in _TYPES:
        known = ", ".join([*_TYPES, "any"])
        raise UnusableError(f"'{pointer}' has type {canonical_text(name)}, expected one of {known}")
    return _TYPES[name]


def _object_of(value: JsonValue, pointer: str) -> JsonObject:
    if isinstance(value, dict):
        return value
    raise UnusableError(f"'{pointer}' is {canonical_text(value)}, expected an object")


def _as_list(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _has_type(value: JsonValue, kinds: JsonValue) -> bool:
    return any(_FITS[kind](value) for kind in _as_list(kinds))


def _type_of(value: JsonValue) -> str:
    return next(kind for kind, has_it in _FITS.items() if has_it(value))


def _among(value: JsonValue, options: list[JsonValue]) -> bool:
    return any(json_equal(value, option) for option in options)


_FITS: Final[Mapping[str, Callable[[JsonValue], bool]]] = MappingProxyType(
    {
        "array": lambda value: isinstance(value, list),
        "boolean": lambda value: isinstance(value, bool),
        "integer": lambda value: _is_number(value) and float(value).is_integer(),
        "null": lambda value: value is None,
        "number": _is_number,
        "object": lambda value: isinstance(value, dict),
        "string": lambda value: isinstance(value, str),
    }
)
_BOUNDS: Final[Mapping[str, Callable[[JsonValue, JsonValue], bool]]] = MappingProxyType(
    {
        "maxItems": lambda value, bound: not isinstance(value, list) or len(value) <= bound,
        "maxLength": lambda value, bound: not isinstance(value, str) or len(value) <= bound,
        "maximum": lambda value, bound: not _is_number(value) or value <= bound,
        "minItems": lambda value, bound: not isinstance(value, list) or len(value) >= bound,
        "minLength": lambda value, bound: not isinstance(value, str) or len(value) >= bound,
        "minimum": lambda value, bound: not _is_number(value) or value >= bound,
    }
)
