"""What goes wrong is told as REST tells it, and of a fault of ours nothing but that it is one."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from graphql import GraphQLError

from runtime.domain.errors import NotFoundError, StreamsBusyError
from runtime.entrypoints.graphql.masking import told_errors, told_failure, told_refusal
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.rest import problems

HIDDEN = "select hash from tokens where id = 'tok_1'"


def a_request() -> Request:
    """Return a request of an app that makes problems as production does."""
    app = FastAPI()
    problems.install(app)
    return Request({"type": "http", "app": app, "headers": [], "method": "POST", "path": "/"})


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


async def test_errors_keep_their_places_and_one_failure_is_told_alike() -> None:
    """What the library finds wrong with variables is the caller's to mend."""
    shared = NotFoundError(kind="member", id="mem_1")
    errors = [
        located(shared, "a"),
        located(shared, "b"),
        GraphQLError("Variable '$n' got invalid value 'x'"),
        located(GraphQLError("nested"), "c"),
    ]

    told = await told_errors(a_request(), errors)

    assert [item["extensions"]["code"] for item in told] == [
        "not_found", "not_found", "request_invalid", "request_invalid",
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
