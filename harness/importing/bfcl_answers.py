"""Turn the published answers into expected inputs, and say where a declaration contradicts them.

An answer lists the allowed values of each parameter; `""` among them says that it may be left out.
An object has such lists for its own fields again. A text is compared as `$folded` does, a value of
an enum exactly. Source: the leaderboard's checker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from harness.importing.bfcl_schema import loosened
from harness.importing.unusable import UnusableError
from harness.matching.folding import bare
from runtime.public import JsonObject, JsonValue, canonical_text

LEFT_OUT: Final = ""
"""The allowed value that says: this parameter may be left out."""

_NOTHING: Final[JsonObject] = {"$absent": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold what one published value comes to.

    Attributes:
        pattern: the expected value, with matchers.
        schema: the declaration, loosened where the value needs it.
        contradictions: where the declaration was too strict for the value.
        dropped: allowed values that the declaration refuses, although others fit it.
    """

    pattern: JsonValue
    schema: JsonObject
    contradictions: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def after(self, other: Reading) -> Reading:
        """Keep in mind what was found on the way here."""
        return replace(
            self,
            contradictions=other.contradictions + self.contradictions,
            dropped=other.dropped + self.dropped,
        )


def read_inputs(inputs: JsonValue, schema: JsonObject) -> Reading:
    """Return the expected inputs of one published call.

    Raises:
        UnusableError: the answer does not have the published form.
    """
    if not isinstance(inputs, dict):
        raise UnusableError(f"the answer's inputs are {canonical_text(inputs)}, expected an object")
    return _object(inputs, schema, "")


def _value(value: JsonValue, schema: JsonObject, pointer: str) -> Reading:
    if isinstance(value, dict):
        return _object(value, schema, pointer)
    if isinstance(value, list):
        return _items(value, schema, pointer)
    spelled = _as_enum_spells(value, schema)
    mended = loosened(schema, spelled, pointer)
    exact = not isinstance(spelled, str) or "enum" in schema or not bare(spelled)
    return Reading(
        pattern=spelled if exact else {"$folded": spelled},
        schema=mended.schema,
        contradictions=mended.changes,
    )


def _items(values: list[JsonValue], schema: JsonObject, pointer: str) -> Reading:
    mended = loosened(schema, values, pointer)
    items: JsonObject = mended.schema.get("items", {})
    found = Reading(pattern=[], schema=items, contradictions=mended.changes)
    patterns: list[JsonValue] = []
    for at, value in enumerate(values):
        found = _value(value, found.schema, f"{pointer}/{at}").after(found)
        patterns.append(found.pattern)
    schema = mended.schema if found.schema == items else {**mended.schema, "items": found.schema}
    return replace(found, pattern=patterns, schema=schema)


def _object(fields: JsonObject, schema: JsonObject, pointer: str) -> Reading:
    mended = loosened(schema, {}, pointer)
    found = Reading(pattern={}, schema=mended.schema, contradictions=mended.changes)
    for name, allowed in fields.items():
        if name.startswith("$"):
            raise UnusableError(f"'{pointer}/{name}': a name that begins with $ can't be expected")
        found = _field(found, name, allowed, pointer=f"{pointer}/{name}")
    for name in found.schema.get("required", ()):
        if name not in fields:
            found = _not_required(found, name, f"{pointer}/{name}")
    return found


def _field(found: Reading, name: str, allowed: JsonValue, *, pointer: str) -> Reading:
    """Add one field to the reading of the object around it."""
    if "/" in pointer[1:] and not isinstance(allowed, list | dict):
        note = f"{pointer}: its value taken as the only allowed one, because no list is there"
        found = replace(found, dropped=(*found.dropped, note))
        allowed = [allowed]
    if not isinstance(allowed, list) or not allowed:
        written = canonical_text(allowed)
        raise UnusableError(f"'{pointer}' allows {written}, expected a list of values")
    values = [value for value in allowed if value != LEFT_OUT]
    required = name in found.schema.get("required", ())
    if not values:
        return _not_required(found, name, pointer) if required else found
    optional = len(values) < len(allowed) and not required
    declared = _declared(name, found.schema)
    if declared is None and optional:
        return replace(found, dropped=(*found.dropped, f"{pointer}: not declared, so left out"))
    field = _choice(values, declared or {}, pointer, optional=optional)
    if declared is None:
        change = f"{pointer}: declared, because a published answer gives it"
        field = replace(field, contradictions=(*field.contradictions, change))
    return _with_field(found, name, field, optional=optional)


def _choice(
    values: list[JsonValue], schema: JsonObject, pointer: str, *, optional: bool
) -> Reading:
    """Read the allowed values of one field; where none is left, nothing is expected there."""
    first = Reading(pattern=_NOTHING, schema=schema)
    if not (fitting := _fitting(values, schema, pointer)) and not optional:
        first = _value(values[0], schema, pointer)
        fitting = _fitting(values, first.schema, pointer)
    patterns = {_same(reading.pattern): reading.pattern for reading in reversed(fitting)}
    lost = len(values) - len(fitting)
    dropped = tuple(note for reading in fitting for note in reading.dropped)
    if lost:
        dropped = (*dropped, f"{pointer}: {lost} allowed value(s) dropped that break the schema")
    return Reading(
        pattern=_one_of([*reversed(patterns.values())]),
        schema=first.schema,
        contradictions=first.contradictions,
        dropped=dropped,
    )


def _fitting(values: list[JsonValue], schema: JsonObject, pointer: str) -> list[Reading]:
    readings = (_value(value, schema, pointer) for value in values)
    return [reading for reading in readings if not reading.contradictions]


def _same(pattern: JsonValue) -> str:
    """Return what patterns share that accept the same, so that only one of them is written."""
    written = canonical_text(pattern)
    return bare(written) if isinstance(pattern, dict) and "$folded" in pattern else written


def _one_of(patterns: list[JsonValue]) -> JsonValue:
    if len(patterns) > 1:
        return {"$one_of": patterns}
    return patterns[0] if patterns else _NOTHING


def _with_field(found: Reading, name: str, field: Reading, *, optional: bool) -> Reading:
    pattern = dict(found.pattern)
    if field.pattern != _NOTHING:
        pattern[name] = {"$optional": field.pattern} if optional else field.pattern
    schema = found.schema
    if field.contradictions:
        schema = {**schema, "properties": {**schema.get("properties", {}), name: field.schema}}
    return replace(field, pattern=pattern, schema=schema).after(found)


def _not_required(found: Reading, name: str, pointer: str) -> Reading:
    required = [item for item in found.schema["required"] if item != name]
    change = f"{pointer}: no longer required, because a published answer leaves it out"
    return replace(
        found,
        schema={**found.schema, "required": required},
        contradictions=(*found.contradictions, change),
    )


def _declared(name: str, schema: JsonObject) -> JsonObject | None:
    """Return the declaration of a field, or None where nothing allows it."""
    properties: JsonObject = schema.get("properties", {})
    if name in properties:
        return dict(properties[name])
    extra = schema.get("additionalProperties", True)
    if isinstance(extra, dict):
        return extra
    return {} if extra else None


def _as_enum_spells(value: JsonValue, schema: JsonObject) -> JsonValue:
    """Return the option that the leaderboard would take for the value, or the value itself."""
    options = schema.get("enum", ())
    if not isinstance(value, str) or value in options:
        return value
    alike = (item for item in options if isinstance(item, str) and bare(item) == bare(value))
    return next(alike, value)
