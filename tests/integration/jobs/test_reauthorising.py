"""Whether a job may run is asked again when it does, of members, projects and rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.domain.declared_effects import NO_EFFECTS
from runtime.domain.job import JobStatus
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.jobs import Shop, the_shop


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        pytest.param("delete from memberships", "nobody in the project", id="left the project"),
        pytest.param(
            "update members set removed_at = now()", "no member any more", id="left altogether"
        ),
        pytest.param("update projects set archived_at = now()", "archived", id="archived"),
        pytest.param(
            "update organizations set archived_at = now()", "archived", id="organization archived"
        ),
        pytest.param(
            "update projects set purge_began_at = now(), archived_at = now()",
            "its project is gone",
            id="being purged",
        ),
        pytest.param(
            "update memberships set role = 'viewer'", "not allowed any more", id="only views now"
        ),
    ],
)
async def test_who_lost_the_right_has_no_effects_any_more(
    shop: Shop, statement: str, reason: str
) -> None:
    """What was allowed when it was executed is asked again when it runs."""
    await shop.put("box.risky@1", value=1)
    await shop.superuser.execute(statement)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.CANCELLED
    assert reason in (job.reason or "")
    assert shop.receiver.calls == []


async def test_what_a_plugin_declares_no_more_is_not_done(shop: Shop) -> None:
    """Another version of it is served by the time that the job runs."""
    await shop.put(value=1)
    shop.world = replace(shop.world, environments=the_shop(NO_EFFECTS))

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.CANCELLED
    assert "effect_undeclared" in (job.reason or ""), job.reason
    assert shop.receiver.calls == []


async def test_rules_that_can_not_be_asked_put_a_job_off(shop: Shop) -> None:
    """Silence is no yes; it is no error of the job either."""
    await shop.put(value=1)
    shop.world.rules.faults.append(PolicyFaultError(PolicyFault.DOWN, "gone"))

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert (job.status, job.errors) == (JobStatus.WAITING, 0)
    assert shop.receiver.calls == []
    await shop.let_waits_end()
    await shop.deliver(shop.worker())
    assert (await shop.job()).status is JobStatus.DONE
