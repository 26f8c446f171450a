"""Compile JSON Schemas, explain what breaks them, and fill in their defaults."""

from __future__ import annotations

from dataclasses import dataclass

import jsonschema_rs

from runtime.domain.errors import DeclarationError
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_pointer import join
from runtime.kit.json_value import JsonObject, JsonValue

SHOWN_VALUE_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """Point at one value that breaks a schema and say what was expected."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSchema:
    """Check documents against one schema; compiling costs a thousand checks, so keep it."""

    schema: JsonObject
    validator: jsonschema_rs.Draft202012Validator

    @classmethod
    def of(cls, schema: JsonObject, *, subject: str) -> CompiledSchema:
        """Compile a JSON Schema 2020-12.

        Raises:
            DeclarationError: the schema itself is not valid.
        """
        try:
            validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
        except ValueError as error:  # a ValidationError is one too
            problem = f"schema is invalid: {str(error).splitlines()[0]}"
            raise DeclarationError(subject=subject, problems=(problem,)) from error
        return cls(schema=schema, validator=validator)

    def accepts(self, value: JsonValue) -> bool:
        """Say whether a value satisfies the schema."""
        return self.validator.is_valid(value)

    def problems(self, value: JsonValue) -> tuple[SchemaProblem, ...]:
        """Explain every way in which a value breaks the schema, in document order."""
        return tuple(
            SchemaProblem(
                pointer=join([str(token) for token in error.instance_path]),
                message=_shortened(error.message),
            )
            for error in self.validator.iter_errors(value)
        )

    def completed(self, value: JsonObject) -> JsonObject:
        """Return a copy with the defaults filled in that stand below `properties` and `items`.

        Completing twice is completing once, so that a digest of it is stable.
        """
        completed: JsonObject = _with_defaults(value, self.schema)
        return completed


def example_type(schema: JsonObject) -> str:
    """Name the type that a property expects, for messages: `integer`, `one of "a", "b"`."""
    if "enum" in schema:
        return "one of " + ", ".join(canonical_text(item) for item in schema["enum"])
    kind = schema.get("type", "value")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _with_defaults(value: JsonValue, schema: JsonValue) -> JsonValue:
    if not isinstance(schema, dict):
        return value
    if isinstance(value, list) and "prefixItems" not in schema:
        return [_with_defaults(item, schema.get("items")) for item in value]
    if not isinstance(value, dict):
        return value
    declared = schema.get("properties", {})
    missing = {
        name: part["default"]
        for name, part in declared.items()
        if name not in value and isinstance(part, dict) and "default" in part
    }
    return {
        name: _with_defaults(item, declared.get(name))
        for name, item in {**value, **missing}.items()
    }


def _shortened(message: str) -> str:
    if len(message) <= 2 * SHOWN_VALUE_CHARS:
        return message
    return f"{message[:SHOWN_VALUE_CHARS]} … {message[-SHOWN_VALUE_CHARS:]}"
