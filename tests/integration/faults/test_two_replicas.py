"""Two replicas on one database under load keep every project's history one line."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from runtime.kit.json_value import JsonObject
from tests.integration.faults.calls import Answer, Calls
from tests.integration.faults.history import judged
from tests.integration.faults.load import under_load
from tests.integration.faults.site import Site, Tenant

PROJECTS = 8
CLIENTS = 64
LASTS_S = 6.0


async def test_64_clients_on_8_projects_leave_8_linear_histories(
    site: Site, tenant: Tenant
) -> None:
    """Numbers without gaps, sums that agree, replays that verify; no request takes long."""
    projects = [await site.project(tenant, f"p{number}") for number in range(PROJECTS)]
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, projects, clients=CLIENTS) as load:
            await asyncio.sleep(LASTS_S)  # the load itself, not a wait for anything
        found = [
            f"{number}: {problem}"
            for number, project in zip(count(), projects, strict=False)
            for problem in await judged(site.urls, calls, project, load.acts[project])
        ]

    assert found == []
    assert {len(load.acts[project]) > 0 for project in projects} == {True}
    assert calls.longest_s < 10
    assert max(act.tries for acts in load.acts.values() for act in acts) == 1


@pytest.mark.parametrize(
    ("method", "suffix", "document", "code"),
    [
        pytest.param(
            "PATCH", "", {"limits": {"budgets": {"project": 0}}}, "budget_exceeded", id="limits"
        ),
        pytest.param("POST", ":archive", None, "project_archived", id="archive"),
    ],
)
async def test_no_execution_slips_past_a_change_that_was_answered(
    site: Site, tenant: Tenant, method: str, suffix: str, document: JsonObject | None, code: str
) -> None:
    """Whatever is asked for afterwards, at any replica, is judged by what holds since."""
    project = await site.project(tenant)
    loop = asyncio.get_running_loop()
    executed = list[tuple[float, Answer]]()
    changed = asyncio.Event()

    async def work(calls: Calls, client: int) -> None:
        left = 10
        while left:
            left -= changed.is_set()
            began_s = loop.time()
            answer = await calls.execute(project, at=client)
            assert answer is not None
            executed.append((began_s, answer))

    async with site.calls(tenant.token) as calls, asyncio.TaskGroup() as group:
        for client in range(8):
            group.create_task(work(calls, client))
        await asyncio.sleep(0.3)  # the load itself, not a wait for anything
        answer = await calls.call(method, f"/v1/projects/{project}{suffix}", document)
        changed_s = loop.time()
        changed.set()

    assert answer is not None
    assert answer.status == 200
    late = [answer for began_s, answer in executed if began_s > changed_s]
    assert len(late) > 40
    assert {(item.document["status"], item.document["refusal"]["code"]) for item in late} == {
        ("refused", code)
    }
    assert any(item.document["status"] == "done" for _, item in executed)
