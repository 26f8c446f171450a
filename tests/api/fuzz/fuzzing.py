"""Send what a description allows, and what it does not, to every operation of a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Err
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CONFORMANCE: Final = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
UNSERVED: Final = frozenset({"login_closed", "model_missing"})
"""Problems of a platform that was started without an identity provider or a model: 503, as told."""
ENDINGS: Final = (":archive", ":restore", ":purge", ":remove", ":revoke")
"""Operations after which nothing more could be fuzzed are given ids of nothing."""
ENDLESS: Final = "/projects/{project_id}/events"
"""What streams until its reader goes is asked for a page; streams have tests of their own."""
ACTIONS: Final = ("counter.set", "counter.increment", "counter.reset", "counter.set@1")


Operation: TypeAlias = APIOperation[Any, Any, Any, Any]


@dataclass(kw_only=True)
class Fuzzed:
    """Hold what happened.

    Attributes:
        statuses: how often each operation was answered with which status.
        problems: what no answer may be.
    """

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Return how many requests were sent."""
        return sum(counted.total() for counted in self.statuses.values())


def fuzz(
    url: str,
    *,
    token: str,
    known: Mapping[str, str],
    mode: GenerationMode,
    examples: int,
) -> Fuzzed:
    """Fuzz every operation that a server describes.

    Args:
        url: of the server.
        token: of an owner with every scope.
        known: ids by the name that paths give them.
        mode: what fits the description, or what does not.
        examples: requests an operation.
    """
    found = Fuzzed()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for result in schema.get_all_operations():
            if isinstance(result, Err):
                found.problems.append(f"not readable: {result.err()}")
                continue
            _fuzz_one(result.ok(), session, found, known=known, mode=mode, examples=examples)
    return found


def _fuzz_one(
    operation: Operation,
    session: requests.Session,
    found: Fuzzed,
    *,
    known: Mapping[str, str],
    mode: GenerationMode,
    examples: int,
) -> None:
    counted = found.statuses.setdefault(operation.label, Counter())
    ids = {name: known[name] for name in known if f"{{{name}}}" in operation.path}
    real = ids if mode.is_positive and not operation.path.endswith(ENDINGS) else {}

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, path_parameters=real or None))
    def send(case: Case[Operation]) -> None:
        asked: dict[str, str] = {}
        if mode.is_positive:
            _point_to_what_is_there(case)
        if operation.path.endswith(ENDLESS):
            asked["Accept"] = "application/json"
        response = case.call(session=session, headers=asked, allow_redirects=False, timeout=20)
        counted[response.status_code] += 1
        fault = response.status_code >= 500
        assert not fault or response.json().get("code") in UNSERVED, response.text
        case.validate_response(response, checks=CONFORMANCE)

    try:
        send()
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  # whatever it is, it is told
        found.problems.append(f"{operation.label} ({mode.value}): {_told(error)}")


def _point_to_what_is_there(case: Case[Operation]) -> None:
    """Let a body name an environment and actions that exist, so that more than names is tried."""
    body: Any = case.body
    if not isinstance(body, dict):
        return
    if "environment" in body:
        body["environment"] = "counter"
    plan = body.get("plan") or {}  # what is to change may be stated as nothing
    for index, step in enumerate(plan.get("steps", ())):
        step["action"] = ACTIONS[index % len(ACTIONS)]


def _told(error: BaseException) -> str:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
    return " | ".join(f"{type(part).__name__}: {str(part)[:500]}" for part in parts)
