"""A document that the library gives up on is refused as one that does not fit."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, GraphQLNamedType, GraphQLSchema
from typing_extensions import override

from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.graphql.schema import SCHEMA


class GivingUp(GraphQLSchema):
    """A schema that raises what it should report, as a rule of the library did."""

    @override
    def get_type(self, name: str) -> GraphQLNamedType | None:
        """Raise."""
        raise GraphQLError(f"no '{name}' " + "x" * 1_000)


def test_a_document_that_ends_its_own_check_is_refused() -> None:
    """It is no fault of ours, and the sentence has an end."""
    schema = GivingUp(SCHEMA.query_type)

    with pytest.raises(DocumentRefusedError) as caught:
        checked(schema, "query($id: ID!) { member(id: $id) { id } }", introspection=True)

    assert caught.value.reason is Reason.NOT_OF_THE_SCHEMA
    assert caught.value.detail.startswith("no 'ID' ")
    assert len(caught.value.detail) == 200
