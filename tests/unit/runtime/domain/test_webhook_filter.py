"""An endpoint hears of what it asked for, and conditions hold nothing that takes long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.domain.webhook import Endpoint, EndpointFilter
from runtime.domain.webhook_filter import condition_problem, hears

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_endpoint(project_id: str | None = None, **wanted: tuple[str, ...]) -> Endpoint:
    """Return an endpoint with a filter."""
    return Endpoint(
        id="whe_1",
        organization_id="org_1",
        project_id=project_id,
        name="alerts",
        sealed_url=b"",
        shown_url="https://hooks.example",
        filter=EndpointFilter(**wanted),  # type: ignore[arg-type]  # types and projects only
        created_at=NOW,
        created_by="mem_1",
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("types", "event_type", "heard"),
    [
        pytest.param((), "plan.executed", True, id="no types let all through"),
        pytest.param(("plan.executed",), "plan.executed", True, id="the same"),
        pytest.param(("plan.executed",), "plan.refused", False, id="another"),
        pytest.param(("plan.*",), "plan.refused", True, id="one of a family"),
        pytest.param(("plan.*",), "plans.refused", False, id="a family ends at the dot"),
        pytest.param(("plan",), "plan.refused", False, id="a family is spelled out"),
        pytest.param(("job.dead", "plan.*"), "plan.refused", True, id="any of several"),
    ],
)
def test_types_are_matched(types: tuple[str, ...], event_type: str, heard: bool) -> None:  # noqa: FBT001  # a column of the table
    """Exactly, or by a family."""
    assert hears(an_endpoint(types=types), event_type, "prj_1") is heard


def test_an_endpoint_of_a_project_hears_of_that_alone() -> None:
    """Not of others, and not of what is the organization's."""
    endpoint = an_endpoint("prj_1")

    assert hears(endpoint, "plan.executed", "prj_1")
    assert not hears(endpoint, "plan.executed", "prj_2")
    assert not hears(endpoint, "member.changed", None)


def test_an_endpoint_that_names_projects_hears_of_those_alone() -> None:
    """Not of what is the organization's."""
    endpoint = an_endpoint(projects=("prj_1", "prj_2"))

    assert hears(endpoint, "plan.executed", "prj_2")
    assert not hears(endpoint, "plan.executed", "prj_3")
    assert not hears(endpoint, "member.changed", None)


@pytest.mark.parametrize(
    "condition",
    [
        'event.type == "plan.executed"',
        "event.data.weight > 5.0 && has(event.data.name)",
        "event.project in ['prj_1', 'prj_2']",
        "event.type.startsWith('all(')",
    ],
)
def test_a_plain_condition_may_be_compiled(condition: str) -> None:
    """What stands in texts counts for nothing."""
    assert condition_problem(condition) is None


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        pytest.param("event.data.all(x, x > 1)", "calls all", id="a macro that walks"),
        pytest.param("event.type.matches('a')", "calls matches", id="a regular expression"),
        pytest.param("event.type == '\\x41'", "escape", id="an escape"),
        pytest.param("true // all", "comment", id="a comment"),
        pytest.param("{'a': 1}.a == 1", "map", id="a map"),
        pytest.param("event.id == '' || " * 21 + "true", "mentions the event 21", id="mentions"),
        pytest.param("1" + " + 1" * 9 + " > 1", "adds 9", id="sums"),
        pytest.param("a" * 1_001, "1001 characters", id="length"),
    ],
)
def test_what_could_take_long_is_refused(condition: str, problem: str) -> None:
    """With what it is."""
    assert problem in (condition_problem(condition) or "")
