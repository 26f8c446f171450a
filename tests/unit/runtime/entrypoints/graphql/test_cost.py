"""What an operation may cost is counted by its lists, wherever `first` stands."""

from __future__ import annotations

import pytest

from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.cost import HEAVY, MOST_COST, refuse_costly
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.kit.json_value import JsonObject


def cost(text: str, variables: JsonObject | None = None) -> int:
    """Return what a document costs."""
    return refuse_costly(SCHEMA, checked(SCHEMA, text, introspection=True), variables or {})


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        pytest.param("{ me { member { id kind } } }", {}, 4, id="each field"),
        pytest.param("{ members(first: 10) { nodes { id } } }", {}, 1 + 10 * 2, id="a list"),
        pytest.param("{ members { nodes { id } } }", {}, 1 + 50 * 2, id="a usual list"),
        pytest.param(
            "query($n: Int!) { members(first: $n) { nodes { id } } }",
            {"n": 7}, 1 + 7 * 2, id="a variable",
        ),
        pytest.param(
            "query($n: Int! = 9) { members(first: $n) { nodes { id } } }",
            {}, 1 + 9 * 2, id="a default",
        ),
        pytest.param(
            "query($n: Int!) { members(first: $n) { nodes { id } } }",
            {"n": "many"}, 1 + 50 * 2, id="a variable that will not fit",
        ),
        pytest.param(
            "{ members(first: 10) { ...f } } fragment f on MemberConnection { nodes { id } }",
            {}, 1 + 10 * 2, id="a fragment",
        ),
        pytest.param(
            '{ node(id: "x") { ... on Project { name } ... { id } __typename } }',
            {}, 4, id="inline fragments",
        ),
        pytest.param("{ members(first: -5) { nodes { id } } }", {}, 3, id="less than nothing"),
        pytest.param("{ auditRecords(first: 1) { nodes { id } } }", {},
                     HEAVY["auditRecords"] + 2, id="what is heavy"),
    ],
)  # fmt: skip
def test_a_document_costs_what_it_can_make_us_read(
    text: str, variables: JsonObject, expected: int
) -> None:
    """Counted in fields."""
    assert cost(text, variables) == expected


def test_the_dearest_document_that_may_be_is_executed() -> None:
    """And one that costs more is not, by a variable either."""
    text = "query($n: Int!) { members(first: $n) { nodes { id } } }"
    most = (MOST_COST - 1) // 2
    cost(text, {"n": most})

    with pytest.raises(DocumentRefusedError) as caught:
        cost(text, {"n": most + 1})

    assert caught.value.reason is Reason.TOO_COSTLY


def test_every_heavy_field_is_one_of_the_schema() -> None:
    """A name that no field has would cost nothing."""
    names = {
        field
        for name in ("Query", "Mutation", "ProjectContents")
        for field in SCHEMA.type_map[name].fields  # type: ignore[attr-defined]  # object types
    }

    assert set(HEAVY) <= names
