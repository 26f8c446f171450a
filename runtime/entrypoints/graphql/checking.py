"""Decide whether a document may be executed: by its shape and by the schema."""

from __future__ import annotations

from typing import Final

from graphql import (
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    specified_rules,
    validate,
)

from runtime.entrypoints.graphql.limits import ReadDocument, read_document
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason

SHOWN_FAULTS: Final = 5
MOST_FAULT_TEXT: Final = 200


def checked(schema: GraphQLSchema, text: str, *, introspection: bool) -> ReadDocument:
    """Return a document that fits the schema.

    Raises:
        DocumentRefusedError: it passes a limit, does not fit, or asks about the schema itself.
    """
    read = read_document(text)
    try:
        faults = validate(
            schema,
            read.node,
            specified_rules,
            max_errors=SHOWN_FAULTS,
            hide_suggestions=not introspection,
        )
        asks = (
            ()
            if introspection
            else validate(schema, read.node, [NoSchemaIntrospectionCustomRule], max_errors=1)
        )
    except RecursionError:
        raise DocumentRefusedError(Reason.TOO_DEEP, "the document nests too deep") from None
    except GraphQLError as error:  # of a rule that reads a document as execution would
        raise DocumentRefusedError(
            Reason.NOT_OF_THE_SCHEMA, error.message[:MOST_FAULT_TEXT]
        ) from None
    if asks:
        raise DocumentRefusedError(
            Reason.NO_INTROSPECTION,
            "the schema is not told here; docs/schema.graphql has it",
        )
    if faults:
        told = "; ".join(fault.message[:MOST_FAULT_TEXT] for fault in faults[:SHOWN_FAULTS])
        raise DocumentRefusedError(Reason.NOT_OF_THE_SCHEMA, told)
    return read
