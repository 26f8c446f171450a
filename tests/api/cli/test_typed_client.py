"""The typed client works against the platform as it is served."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from runtime.client import Plangate, ProblemError
from runtime.client.documents.shared import PlanIn, Step
from tests.servers.dev_instance import DevInstance

STEP: Step = {"action": "counter.set", "inputs": {"value": 3}}


@pytest.fixture
def client(dev: DevInstance) -> Plangate:
    """Ask as the demo's owner."""
    demo = orjson.loads((dev.folder / "demo.json").read_bytes())
    return Plangate(demo["url"], token=demo["token"])


@pytest.fixture
def project(client: Plangate, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a project for a test."""
    made = client.projects.create(name=request.node.name, environment="counter")
    yield made["id"]
    client.projects.archive(made["id"])


def test_a_plan_is_executed_once_by_its_key(client: Plangate, project: str) -> None:
    """The same key is answered with the same outcome."""
    plan: PlanIn = {"steps": [STEP]}
    done = client.plans.execute(project, plan=plan, idempotency_key="once")
    again = client.plans.execute(project, plan=plan, idempotency_key="once")

    assert (done["status"], again["id"]) == ("done", done["id"])
    assert client.state.read(project)["version"] == done["after"]["version"]


def test_lists_go_over_their_pages(client: Plangate, project: str) -> None:
    """Each item comes once, however small the pages are."""
    for value in (1, 2, 3):
        step: Step = {"action": "counter.set", "inputs": {"value": value}}
        client.plans.execute(project, plan={"steps": [step]})

    found = [item["version"] for item in client.state.list_snapshots(project, limit=1)]

    assert found == sorted(set(found), reverse=True)
    assert len(found) == 4


def test_a_problem_has_its_code(client: Plangate) -> None:
    """What the platform refuses is told by its stable name."""
    with pytest.raises(ProblemError) as refused:
        client.projects.read("prj_" + "0" * 26)

    assert (refused.value.status, refused.value.code) == (404, "not_found")


def test_events_are_followed(client: Plangate, project: str) -> None:
    """What happened behind the place that is named comes as events."""
    before = client.events.list(project)
    client.plans.execute(project, plan={"steps": [STEP]})

    with client.events.follow(project, after=before["cursor"]) as events:
        first = next(events)

    assert first.kind.startswith(("plan.", "state."))
    assert orjson.loads(first.data)["project"] == project


def test_an_export_is_read_in_parts(client: Plangate) -> None:
    """It begins with a line of JSON."""
    with client.audit.export_log() as parts:
        text = b"".join(parts)

    assert orjson.loads(text.splitlines()[0])
