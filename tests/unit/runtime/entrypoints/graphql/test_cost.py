"""What an operation may cost is counted by its lists, wherever `first` stands."""

from __future__ import annotations

from math import inf, nan

import pytest
from graphql import get_nullable_type, is_list_type

from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.connections import MOST_OUTCOMES
from runtime.entrypoints.graphql.cost import (
    HEAVY,
    JSON_COST,
    LOADED,
    MOST_COST,
    refuse_costly,
)
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.kit.json_value import JsonObject

BY_NUMBER = "query($n: Int!) { members(first: $n) { nodes { id } } }"


def in_project(selection: str) -> str:
    """Select in a project."""
    return f'{{ project(id: "prj_1") {{ {selection} }} }}'


def cost(text: str, variables: JsonObject | None = None) -> int:
    """Return what a document costs."""
    return refuse_costly(SCHEMA, checked(SCHEMA, text, introspection=True), variables or {})


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        pytest.param("{ me { member { id kind } } }", {}, 4, id="each field"),
        pytest.param("{ members(first: 10) { nodes { id } } }", {}, 1 + 10 * 2, id="a list"),
        pytest.param("{ members { nodes { id } } }", {}, 1 + 50 * 2, id="a usual list"),
        pytest.param(BY_NUMBER, {"n": 7}, 1 + 7 * 2, id="a variable"),
        pytest.param(BY_NUMBER, {"n": 1000.0}, 1 + 1_000 * 2, id="a whole float"),
        pytest.param(BY_NUMBER, {"n": 1e3}, 1 + 1_000 * 2, id="a power of ten"),
        pytest.param(BY_NUMBER, {"n": -5.0}, 3, id="a float below nothing"),
        pytest.param(
            "query($n: Int! = 9) { members(first: $n) { nodes { id } } }",
            {}, 1 + 9 * 2, id="a default",
        ),
        pytest.param(
            "query($n: Int! = 9) { members(first: $n) { nodes { id } } }",
            {"n": 7.0}, 1 + 7 * 2, id="a default that does not hold",
        ),
        pytest.param(
            "query($n: Int) { members(first: $n) { nodes { id } } }",
            {}, 1 + 50 * 2, id="a missing variable, so the field's default",
        ),
        pytest.param(
            "query($n: Int = null) { members(first: $n) { nodes { id } } }",
            {}, 1 + MOST_OUTCOMES * 2, id="a default of nothing",
        ),
        pytest.param(
            "query($n: Int = 9) { members(first: $n) { nodes { id } } }",
            {"n": None}, 1 + MOST_OUTCOMES * 2, id="nothing, past a default",
        ),
        *(
            pytest.param(BY_NUMBER, {"n": told}, 1 + MOST_OUTCOMES * 2, id=f"unfit: {told!r}")
            for told in ("many", "7", 7.5, True, None, [7], {"n": 7}, inf, nan)
        ),
        pytest.param(
            "{ members(first: 10) { ...f } } fragment f on MemberConnection { nodes { id } }",
            {}, 1 + 10 * 2, id="a fragment",
        ),
        pytest.param(
            '{ node(id: "x") { ... on Project { name } ... { id } __typename } }',
            {}, 4 + LOADED["Node"], id="inline fragments",
        ),
        pytest.param("{ members(first: -5) { nodes { id } } }", {}, 3, id="less than nothing"),
        pytest.param(
            "{ auditRecords(first: 1) { nodes { id } } }",
            {}, HEAVY["auditRecords"] + LOADED["AuditRecordConnection"] + 2, id="what is heavy",
        ),
        pytest.param('{ member(id: "x") { id } }', {}, 2 + LOADED["Member"], id="a member"),
        pytest.param(
            in_project("outcomes(first: 9) { nodes { id steps } edges { node { id } } }"),
            {},
            2 + 9 * (LOADED["OutcomeConnection"] + 2 + JSON_COST + 3),
            id="what a list loads, once",
        ),
        pytest.param(
            in_project("outcomes(first: 9) { pageInfo { endCursor } }"),
            {}, 2 + 9 * LOADED["OutcomeConnection"], id="what is loaded and not shown",
        ),
        pytest.param(
            in_project("snapshots(first: 9) { nodes { diff execution { id } } }"),
            {},
            2 + 9 * (LOADED["SnapshotConnection"] + 1 + JSON_COST + 2 + LOADED["Outcome"]),
            id="what each item loads",
        ),
        pytest.param(
            in_project("difference(before: 1, after: 2) { diff }"),
            {}, 1 + HEAVY["difference"] + JSON_COST, id="a difference",
        ),
        pytest.param('{ node(id: "x") { id } }', {}, 2 + LOADED["Node"], id="any object"),
    ],
)  # fmt: skip
def test_a_document_costs_what_it_can_make_us_read(
    text: str, variables: JsonObject, expected: int
) -> None:
    """Counted in fields."""
    assert cost(text, variables) == expected


def test_the_dearest_document_that_may_be_is_executed() -> None:
    """And one that costs more is not, by a variable either."""
    most = (MOST_COST - 1) // 2
    cost(BY_NUMBER, {"n": most})

    for more in (most + 1, float(most + 1), 1e300):
        with pytest.raises(DocumentRefusedError) as caught:
            cost(BY_NUMBER, {"n": more})
        assert caught.value.reason is Reason.TOO_COSTLY


def test_the_longest_list_of_outcomes_is_read_a_few_times_in_a_request() -> None:
    """Once with all that says what came of them; seven are too many, however little is shown."""
    cost(
        in_project(
            f"outcomes(first: {MOST_OUTCOMES}) {{ nodes {{ id number status cost steps "
            "member { displayName email } after { version } } pageInfo { hasNextPage endCursor } }"
        )
    )
    least = f"outcomes(first: {MOST_OUTCOMES}) {{ pageInfo {{ endCursor }} }}"
    lists = [f"a{number}: {least}" for number in range(7)]
    cost(in_project(" ".join(lists[:6])))

    with pytest.raises(DocumentRefusedError) as caught:
        cost(in_project(" ".join(lists)))

    assert caught.value.reason is Reason.TOO_COSTLY


def test_what_items_name_is_waited_for_a_few_times_each() -> None:
    """An alias beside the other is a wait of its own, for each item."""
    name = "a#: member { id } b#: execution { id }"
    many = " ".join(name.replace("#", str(number)) for number in range(8))

    with pytest.raises(DocumentRefusedError) as caught:
        cost(in_project(f"snapshots(first: 200) {{ nodes {{ {many} }} }}"))

    assert caught.value.reason is Reason.TOO_COSTLY


def test_states_are_rebuilt_a_few_times_in_a_request() -> None:
    """A document has room for thirty of them, which are whole states each."""
    for one in ("state(version: #) { components }", "difference(before: 0, after: #) { diff }"):
        many = " ".join(f"a{number}: {one.replace('#', str(number))}" for number in range(30))

        with pytest.raises(DocumentRefusedError) as caught:
            cost(in_project(many))

        assert caught.value.reason is Reason.TOO_COSTLY


def test_a_list_that_nobody_can_shorten_is_heavy() -> None:
    """It has no `first` by which it could be counted."""
    whole = {
        name
        for root in ("Query", "Mutation", "ProjectContents")
        for name, item in SCHEMA.type_map[root].fields.items()  # type: ignore[attr-defined]  # as below
        if is_list_type(get_nullable_type(item.type)) and "first" not in item.args
    }

    assert whole == {"facts", "plugins"}
    assert whole <= set(HEAVY)


def test_asking_a_model_is_dear() -> None:
    """Ten fields of a request are not ten answers of a model."""
    said = " ".join(
        f'a{number}: say(project: "p", conversation: "c", message: "m") {{ id }}'
        for number in range(10)
    )

    assert cost(f"mutation {{ {said} }}") >= 10 * HEAVY["say"]
    assert HEAVY["say"] * 20 > MOST_COST


def test_every_heavy_field_is_one_of_the_schema() -> None:
    """A name that no field has would cost nothing."""
    names = {
        field
        for name in ("Query", "Mutation", "ProjectContents")
        for field in SCHEMA.type_map[name].fields  # type: ignore[attr-defined]  # object types
    }

    assert set(HEAVY) <= names
    assert set(LOADED) <= set(SCHEMA.type_map)
