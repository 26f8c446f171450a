"""Whatever fails, a problem with a stable code comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson
import pytest

from runtime.domain import errors
from runtime.domain.errors import (
    AuditUnavailableError,
    CredentialRefusedError,
    CredentialUnverifiableError,
    DeadlineError,
    DomainError,
    KeyReusedError,
    LeaseBusyError,
    LeaseUnavailableError,
    NotAllowedError,
    NotFoundError,
    StorageUnavailableError,
    TamperedStateError,
    TenantContextMissingError,
    VersionMismatchError,
)
from runtime.entrypoints.rest.problem_codes import STATUSES, ProblemCode
from runtime.entrypoints.rest.problems import problem_of
from runtime.ports.chat_model import ChatRequest, Completion
from tests.unit.runtime.entrypoints.rest.platform import Scripted, an_app, ask, said

ERRORS: Final = errors.__name__
NEVER_AT_THE_EDGE: Final = {
    "attempt_lost": "raised in workers",
    "audit_key_refused": "raised while the platform starts",
    "audit_leaf_unreadable": "readers are told which record is altered",
    "broker_url": "raised before anything is served",
    "embedded_server": "raised while a server of this machine starts, before anything is served",
    "embedded_folder_busy": "raised while a server of this machine starts",
    "dev_folder": "raised by `plangate dev` before it serves",
    "dev_folder_busy": "raised by `plangate dev` before it serves",
    "job_message": "raised in workers",
    "queue_unavailable": "raised in relays and workers",
    "schema_error": "raised by `plangate db`, which serves nothing",
    "role_unsafe": "raised while the platform starts",
    "secret": "its kinds are raised, never itself",
    "secret_denied": "raised in workers and sinks; a model without its key can't be asked",
    "secret_malformed": "as secret_denied",
    "secret_missing": "as secret_denied",
    "secret_throttled": "as secret_denied",
    "secret_unavailable": "as secret_denied",
}
CHALLENGE: Final = {"www-authenticate": 'Bearer realm="plangate"'}
SOON: Final = {"retry-after": "1"}


def test_each_code_has_its_status() -> None:
    """The table is whole, and a code never means success."""
    assert set(STATUSES) == set(ProblemCode)
    assert all(status >= 400 for status in STATUSES.values())


def kinds_of(base: type[DomainError]) -> Iterator[type[DomainError]]:
    """Yield every kind of expected failure."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def test_every_domain_error_that_can_reach_the_edge_has_its_status() -> None:
    """A new one is placed in the table, or named here with the reason why no request meets it."""
    codes = {
        kind.code: kind for kind in kinds_of(DomainError) if kind.__module__.startswith(ERRORS)
    }
    missing = set(codes) - {code.value for code in STATUSES} - set(NEVER_AT_THE_EDGE)

    assert {codes[code].__name__ for code in missing} == set()
    assert set(NEVER_AT_THE_EDGE) <= set(codes)


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        pytest.param(NotFoundError(kind="token", id="x"), 404, {}, id="not found"),
        pytest.param(CredentialRefusedError(), 401, CHALLENGE, id="refused"),
        pytest.param(NotAllowedError(needs="a", has="b"), 403, {}, id="not allowed"),
        pytest.param(KeyReusedError(key="k"), 409, {}, id="key reused"),
        pytest.param(VersionMismatchError(expected="a", found="b"), 412, {}, id="version"),
        pytest.param(
            LeaseBusyError(key="k", holder=None, waited_s=1, position=1), 429, SOON, id="busy"
        ),
        pytest.param(StorageUnavailableError(reason="OSError"), 503, SOON, id="storage"),
        pytest.param(LeaseUnavailableError(reason="away"), 503, SOON, id="leases"),
        pytest.param(CredentialUnverifiableError(), 503, SOON, id="unverifiable"),
        pytest.param(AuditUnavailableError(reason="away"), 503, SOON, id="copies"),
        pytest.param(DeadlineError(waited_s=1, waiting_for="x"), 504, {}, id="deadline"),
        pytest.param(TenantContextMissingError(), 500, {}, id="no tenant"),
        pytest.param(
            TamperedStateError(version=1, expected="a", actual="b"), 500, {}, id="tampered"
        ),
    ],
)
def test_a_domain_error_is_answered_by_the_table(
    error: DomainError, status: int, headers: dict[str, str]
) -> None:
    """With its own code and message, and what a client needs to go on."""
    answered = problem_of(error)

    problem = orjson.loads(answered.body)
    assert (answered.status_code, problem["code"]) == (status, error.code)
    assert problem["detail"] == str(error)
    assert dict(answered.headers).items() >= headers.items()


def test_an_error_that_is_not_in_the_table_tells_nothing() -> None:
    """It is our fault that it is not."""

    class UnlistedError(DomainError):
        code = "unlisted"

    problem = orjson.loads(problem_of(UnlistedError("our secret")).body)

    assert problem["code"] == "internal"
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/v2/environments", 404, "not_found", id="no such route"),
        pytest.param("DELETE", "/v1/environments", 405, "method_not_allowed", id="no such verb"),
        pytest.param("GET", "/docs", 404, "not_found", id="no page of the framework"),
    ],
)
async def test_what_no_route_has_is_a_problem(
    method: str, path: str, status: int, code: str
) -> None:
    """The router's own refusals look like all others."""
    answered = await ask(an_app(), path, method=method)

    assert (answered.status, answered.code) == (status, code)
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.json["type"] == f"urn:plangate:problem:{code}"
    assert answered.json["status"] == status


async def test_a_body_that_does_not_fit_is_told_where_without_its_values() -> None:
    """The places are pointers; what stood there is not repeated."""
    document = said(message="", tenant="s3cret", situation={"principal": {"id": "a"}})

    answered = await ask(an_app(Scripted()), document=document)

    assert (answered.status, answered.code) == (422, "request_invalid")
    pointers = {fault["pointer"] for fault in answered.json["errors"]}
    assert {"/conversation/message", "/tenant", "/situation/principal/roles"} <= pointers
    assert "s3cret" not in str(answered.json)


async def test_a_thousand_faults_are_told_in_twenty() -> None:
    """An answer stays small whatever was sent."""
    document = said() | {f"x{number}": 1 for number in range(1_000)}

    answered = await ask(an_app(Scripted()), document=document)

    assert answered.json["detail"].startswith("1000 part(s)")
    assert len(answered.json["errors"]) == 20


async def test_a_fault_of_ours_tells_nothing() -> None:
    """What broke stands in the log of the server, which gets the exception."""

    def broken(_: ChatRequest) -> Completion:
        raise ZeroDivisionError("our secret")

    answered = await ask(an_app(Scripted(broken)), document=said(), raised=(ZeroDivisionError,))

    assert (answered.status, answered.code) == (500, "internal")
    assert "secret" not in str(answered.json)
