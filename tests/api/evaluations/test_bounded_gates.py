"""Verdicts are bounded, and none goes that may hold; a replayed report gets nobody further."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from runtime.kit.clock import SystemClock
from runtime.services.evaluations.gates import KEPT_OF_A_KIND, MOST_A_DAY
from tests.api.evaluations.test_gates import Site, redis_url, site
from tests.database import session
from tests.gate_reports import a_report

__all__ = ["redis_url", "site"]

LONG_AGO = timedelta(days=20)
_COPIED = """
insert into gates (organization_id, id, run, model, identity, environment, prompt, registry_digest,
  verdict, digest, report, judged_at, created_at, created_by)
select organization_id, id || $3 || number, run, model, identity || $3, environment, prompt,
  registry_digest, verdict, digest || $3 || number, report,
  judged_at + number * interval '1 second', created_at, created_by
from gates, generate_series(1, $2) as number where id = $1
"""


async def copied(site: Site, gate: str, times: int, *, other: str = "") -> None:
    """Let there be as many verdicts like one, each given a second later; of another model."""
    async with session(site.app.urls.superuser_url) as superuser:
        await superuser.execute(_COPIED, gate, times, other)


async def kept(site: Site) -> list[str]:
    """Return the ids of all verdicts, those that were given first before."""
    async with session(site.app.urls.superuser_url) as superuser:
        found = await superuser.fetch("select id from gates order by judged_at, id")
    return [row["id"] for row in found]


async def test_the_newest_of_a_kind_are_kept(site: Site) -> None:
    """A new one takes the place of the earliest, of the same model, prompt and registry."""
    early = await site.bring(a_report(judged_at=SystemClock().now() - LONG_AGO))
    gate = early.json["id"]
    await copied(site, gate, KEPT_OF_A_KIND - 1)
    await copied(site, gate, 1, other="another")
    before = await kept(site)

    new = await site.bring(a_report(run="run_2"))

    after = await kept(site)
    assert new.status == 201
    assert len(before) == KEPT_OF_A_KIND + 1
    assert after == [*before[1:], new.json["id"]]
    assert before[0] == gate


async def test_a_replayed_report_that_later_ones_replaced_is_refused(site: Site) -> None:
    """It is not in their place again, and nobody is told of it."""
    report = a_report(judged_at=SystemClock().now() - LONG_AGO)
    gate = (await site.bring(report)).json["id"]
    await copied(site, gate, KEPT_OF_A_KIND)
    again = await site.bring(report)
    await site.bring(a_report(run="run_2"))
    events = await site.kinds("events")

    replayed = await site.bring(report)

    assert (again.status, again.json["id"]) == (200, gate)
    assert (replayed.status, replayed.code) == (422, "gate_report_refused")
    assert "given later" in replayed.json["detail"]
    assert gate not in await kept(site)
    assert await site.kinds("events") == events


async def test_a_day_has_a_bound(site: Site) -> None:
    """Beyond it the same report is the same gate still, and new ones wait."""
    report = a_report()
    gate = (await site.bring(report)).json["id"]
    await copied(site, gate, MOST_A_DAY - 1, other="another")

    again = await site.bring(report)
    refused = await site.bring(a_report(run="run_2"))

    assert (again.status, again.json["id"]) == (200, gate)
    assert (refused.status, refused.code) == (409, "wrong_time")
    assert f"{MOST_A_DAY} new ones within 24 hours" in refused.json["detail"]


async def test_what_can_not_hold_any_more_goes(site: Site) -> None:
    """120 days after it was given, whatever it was."""
    gate = (await site.bring(a_report())).json["id"]
    async with session(site.app.urls.superuser_url) as superuser:
        await superuser.execute(
            _COPIED.replace("judged_at + number", "judged_at - 121 * interval '1 day' + number"),
            *(gate, 3, "another"),
        )

    new = await site.bring(a_report(run="run_2"))

    assert await kept(site) == [gate, new.json["id"]]


async def test_no_verdict_goes_before_an_earlier_one_of_its_kind(site: Site) -> None:
    """Else a pass that was taken back would be there again."""
    gate = (await site.bring(a_report())).json["id"]
    await copied(site, gate, 1)
    last = f"{gate}1"

    async with session(site.app.urls.superuser_url) as superuser:
        with pytest.raises(asyncpg.PostgresError, match="once they hold nothing"):
            await superuser.execute("delete from gates where id = $1", last)
        await superuser.execute("delete from gates where id = $1", gate)

    assert await kept(site) == [last]
