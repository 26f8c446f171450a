"""What goes wrong is told as REST tells it, and of a fault of ours nothing but that it is one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import structlog
from fastapi import FastAPI, Request
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    execute_sync,
    parse,
)

from runtime.domain.errors import NotFoundError, StreamsBusyError
from runtime.entrypoints.graphql.masking import told_errors, told_failure, told_refusal
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.rest import problems
from runtime.kit.json_value import JsonObject

HIDDEN = "select hash from tokens where id = 'tok_1'"


def a_request() -> Request:
    """Return a request of an app that makes problems as production does."""
    app = FastAPI()
    problems.install(app)
    return Request({"type": "http", "app": app, "headers": [], "method": "POST", "path": "/"})


def executed(text: str, variables: JsonObject | None = None) -> Sequence[GraphQLError]:
    """Return what the library itself finds wrong while it executes a document."""
    fields = {
        "none": GraphQLField(GraphQLNonNull(GraphQLString), resolve=lambda *_: None),
        "wide": GraphQLField(GraphQLInt, resolve=lambda *_: 2**40),
        "text": GraphQLField(GraphQLInt, resolve=lambda *_: HIDDEN),
        "count": GraphQLField(
            GraphQLInt,
            args={"n": GraphQLArgument(GraphQLNonNull(GraphQLInt), default_value=1)},
            resolve=lambda *_, n: n,
        ),
    }
    schema = GraphQLSchema(GraphQLObjectType("Query", fields))
    found = execute_sync(schema, parse(text), variable_values=variables or {})
    return found.errors or ()


def located(error: Exception, *path: str) -> GraphQLError:
    """Return a failure of a field."""
    return GraphQLError(str(error), path=list(path), original_error=error)


async def test_an_expected_failure_has_the_code_of_rest() -> None:
    """Its status and its sentence too."""
    told = await told_failure(a_request(), NotFoundError(kind="job", id="job_1"))

    assert told == {
        "message": "no job 'job_1' that you may see",
        "extensions": {"code": "not_found", "status": 404},
    }


async def test_a_wait_that_helps_is_told() -> None:
    """As `Retry-After` is."""
    told = await told_failure(a_request(), StreamsBusyError(found="as many as may be"))

    assert told["extensions"]["retry_after_s"] == 30


async def test_a_fault_of_ours_tells_nothing() -> None:
    """Neither its message nor its place; the log has its kind and place under the trace."""
    with structlog.testing.capture_logs() as logs:
        told = await told_failure(a_request(), RuntimeError(HIDDEN))

    assert told["extensions"]["code"] == "internal"
    assert "trace" in told["extensions"]
    assert HIDDEN not in str(told)
    (line,) = logs
    assert (line["event"], line["error"]) == ("request.failed", "RuntimeError")
    assert HIDDEN not in str(line)


@pytest.mark.parametrize("field", ["none", "wide", "text"])
async def test_what_we_answered_wrongly_is_a_fault_of_ours(field: str) -> None:
    """The library finds it, but nobody who asks can mend it: it is hidden and logged."""
    errors = executed(f"{{ {field} }}")

    with structlog.testing.capture_logs() as logs:
        (told,) = await told_errors(a_request(), errors)

    assert (told["extensions"]["code"], told["extensions"]["status"]) == ("internal", 500)
    assert told["path"] == [field]
    assert errors[0].message not in str(told)
    assert [line["event"] for line in logs] == ["request.failed"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        pytest.param("query($n: Int!) { count(n: $n) }", {"n": "x"}, id="a variable"),
        pytest.param("query($n: Int!) { count(n: $n) }", {}, id="no variable"),
        pytest.param("query($n: Int) { count(n: $n) }", {"n": None}, id="null as an argument"),
        pytest.param("{ count(n: 1099511627776) }", {}, id="an argument"),
        pytest.param(
            "query($b: Boolean = true) { count @skip(if: $b) }", {"b": None}, id="a directive"
        ),
    ],
)
async def test_what_was_sent_wrongly_is_the_callers_to_mend(
    text: str, variables: JsonObject
) -> None:
    """With the sentence of the library, and nothing is logged."""
    errors = executed(text, variables)

    with structlog.testing.capture_logs() as logs:
        (told,) = await told_errors(a_request(), errors)

    assert (told["extensions"]["code"], told["extensions"]["status"]) == ("request_invalid", 422)
    assert told["message"] == errors[0].message
    assert logs == []


async def test_errors_keep_their_places_and_one_failure_is_told_alike() -> None:
    """What the library finds wrong with variables is the caller's to mend, and that alone."""
    shared = NotFoundError(kind="member", id="mem_1")
    errors = [
        located(shared, "a"),
        located(shared, "b"),
        GraphQLError("Variable '$n' got invalid value 'x'"),
        located(GraphQLError("nested"), "c"),
    ]

    told = await told_errors(a_request(), errors)

    assert [item["extensions"]["code"] for item in told] == [
        "not_found", "not_found", "request_invalid", "internal",
    ]  # fmt: skip
    assert [item.get("path") for item in told] == [["a"], ["b"], None, ["c"]]
    assert told[2]["message"].startswith("Variable")


async def test_of_many_errors_the_first_are_told() -> None:
    """So that an answer has an end."""
    errors = [located(NotFoundError(kind="job", id=str(n)), "a") for n in range(100)]

    assert len(await told_errors(a_request(), errors)) == 20


def test_a_refusal_has_its_reason() -> None:
    """Beside the code that REST has for a request that does not fit."""
    told = told_refusal(DocumentRefusedError(Reason.TOO_DEEP, "it is deep"))

    assert told["message"] == "it is deep"
    assert told["extensions"] == {"code": "request_invalid", "status": 422, "reason": "too_deep"}
