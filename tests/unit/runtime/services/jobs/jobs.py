"""Build jobs that a worker has begun."""

from __future__ import annotations

from runtime.domain.job import BegunJob, JobKind
from runtime.kit.json_value import JsonObject, JsonValue
from tests.rows import an_id


def a_begun_job(number: int = 1, **changes: JsonValue) -> BegunJob:
    """Build a job in its first attempt."""
    usual: JsonObject = {
        "organization_id": an_id("org", 1),
        "id": an_id("job", number),
        "project_id": an_id("prj", 1),
        "kind": JobKind.EFFECT,
        "name": "box.label",
        "principal_id": an_id("mem", 1),
        "credential_id": "c",
        "payload": "{}",
        "worker": "w",
        "attempt": 1,
        "errors": 0,
        "crashes": 0,
    }
    return BegunJob(**{**usual, **changes})
