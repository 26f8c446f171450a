"""Members look at the runs of their organization, and at nobody else's, behind their login."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from harness.dashboard.guard import OWN_PAGES, WRITTEN_PAGES
from runtime.services.evaluations.dashboards import MOST_LENT_OF_ONE
from tests.abuse.execution.real_app import real_app
from tests.api.app_builder import asked
from tests.api.evaluations.conftest import Shown
from tests.api.events.streams import followed
from tests.database import DatabaseUrls
from tests.unit.harness.dashboard.builders import some_runs
from tests.unit.harness.reporting.builders import a_run, a_trial

LINKS = re.compile(r'(?:href|src|action)="(/[^"]*)"')


async def test_the_list_has_the_runs_of_the_organization(shown: Shown) -> None:
    """Under the dashboard's own policy, and every link leads below the same address."""
    listed = await shown.get("/")
    page = listed.body.decode()

    assert listed.status == 200
    assert "run_01" in page
    assert "run_02" in page
    assert "run_secret" not in page
    assert listed.header("content-security-policy") == OWN_PAGES
    links = LINKS.findall(page)
    assert len(links) > 5
    assert [link for link in links if not link.startswith(f"{shown.root}/")] == []


async def test_every_link_of_the_list_leads_somewhere(shown: Shown) -> None:
    """Styles, scripts, reports and the comparison."""
    page = (await shown.get("/")).body.decode()
    links = {link.removeprefix(shown.root).replace("&amp;", "&") for link in LINKS.findall(page)}
    answers = {link: (await shown.get(link)).status for link in links - {"/compare"}}

    assert set(answers.values()) == {200}


async def test_a_run_and_a_comparison_are_shown(shown: Shown) -> None:
    """Under the policy of reports, with a way back to the list."""
    run = await shown.get("/runs/run_01")
    both = await shown.get("/compare?base=run_01&head=run_02")

    for answer in (run, both):
        assert answer.status == 200
        assert answer.header("content-security-policy") == WRITTEN_PAGES
        assert f'<a href="{shown.root}/">All runs</a>' in answer.body.decode()
    assert "run_02" in both.body.decode()


async def test_the_address_without_its_slash_leads_on(shown: Shown) -> None:
    """Relative to nothing: the slash is part of every link."""
    answer = await shown.get("")

    assert (answer.status, answer.header("location")) == (307, f"{shown.root}/")


async def test_no_path_of_the_server_is_told(shown: Shown) -> None:
    """Neither of a damaged run nor of one that is not there."""
    (shown.folder / shown.owner.organization / "run_01" / "summary.json").write_text("{")

    answers = [
        await shown.get(path) for path in ("/", "/runs/run_01", "/runs/nope", "/compare?base=x")
    ]

    assert [answer.status for answer in answers] == [200, 409, 404, 404]
    assert all(str(shown.folder) not in answer.body.decode() for answer in answers)


@pytest.mark.parametrize(
    "path",
    [
        "/runs/../{other}/run_secret",
        "/runs/run_01/../../{other}/run_secret",
        "/runs/%2e%2e/{other}/run_secret",
        "/runs//etc",
        "/runs/linked",
        "/runs/holds_a_link",
        "/runs/run_02/base",
        "/compare?base=run_01&head=../{other}/run_secret",
        "/compare?base=run_01&head=linked",
        "/assets/../../app.py",
    ],
)
async def test_nothing_outside_of_the_organizations_folder_is_read(shown: Shown, path: str) -> None:
    """Whatever the address, and whatever links somebody has put there."""
    mine = shown.folder / shown.owner.organization
    theirs = shown.folder / shown.stranger.organization / "run_secret"
    (mine / "linked").symlink_to(theirs)
    shutil.copytree(theirs, mine / "holds_a_link")
    (mine / "holds_a_link" / "results.jsonl").unlink()
    (mine / "holds_a_link" / "results.jsonl").symlink_to(theirs / "results.jsonl")
    (mine / "run_02" / "base").symlink_to(theirs)

    answer = await shown.get(path.format(other=shown.stranger.organization))
    listed = await shown.get("/")

    assert answer.status == 404
    assert b"linked" not in listed.body
    assert b"holds_a_link" not in listed.body


async def test_a_run_that_became_a_link_is_not_read(shown: Shown) -> None:
    """It was listed as a folder before."""
    mine = shown.folder / shown.owner.organization / "run_01"
    await shown.get("/")
    shutil.rmtree(mine)
    mine.symlink_to(shown.folder / shown.stranger.organization / "run_secret")

    assert (await shown.get("/runs/run_01")).status == 404


async def test_a_folder_of_an_organization_that_leads_elsewhere_is_none(shown: Shown) -> None:
    """The operator names one folder, and each organization has its own below it."""
    mine = shown.folder / shown.owner.organization
    shutil.rmtree(mine)
    mine.symlink_to(shown.folder / shown.stranger.organization)

    assert (await shown.get("/")).code == "not_found"


async def test_a_page_that_lies_in_the_folder_is_never_sent(shown: Shown) -> None:
    """Reports are made anew: whoever writes runs does not write what browsers run here."""
    written = shown.folder / shown.owner.organization / "run_01" / "report.html"
    written.write_text("<body><script>alert(document.domain)</script>")

    answer = await shown.get("/runs/run_01")

    assert answer.status == 200
    assert b"alert(document" not in answer.body


async def test_nobody_else_sees_it(shown: Shown) -> None:
    """Neither strangers, nor a credential that was not made for it, nor nobody."""
    made = await shown.app.made(
        "/v1/tokens", {"name": "auditor", "scopes": ["audit:read"]}, token=shown.owner.token
    )
    narrow = await shown.app.call("GET", f"{shown.root}/", token=str(made["text"]))
    strange = [await shown.get(path, who=shown.stranger) for path in ("", "/", "/runs/run_01")]
    nobody = await asked(shown.app.app, "GET", f"{shown.root}/", headers=[("host", "x")])

    assert narrow.code == "not_allowed"
    assert {answer.code for answer in strange} == {"not_found"}
    assert nobody.status == 401


async def test_a_member_with_the_scope_reads(shown: Shown) -> None:
    """It takes no owner to look."""
    member = await shown.app.colleague(shown.owner, role="member")

    assert (await shown.get("/", who=member)).status == 200


async def test_an_organization_without_runs_sees_an_empty_list(shown: Shown) -> None:
    """Its folder is not there yet; the first run makes it."""
    shutil.rmtree(shown.folder / shown.owner.organization)

    empty = await shown.get("/")
    some_runs(shown.folder / shown.owner.organization, ("run_09",))
    filled = await shown.get("/")

    assert b"No run yet" in empty.body
    assert b"run_09" in filled.body


async def test_news_come_through_while_a_run_goes_on(shown: Shown) -> None:
    """Who listens hears of a new run, and the platform's pace of events is the dashboard's."""
    path = f"{shown.root}/events"
    async with followed(shown.app.app, path, token=shown.owner.token) as stream:
        first = await stream.part()
        while b"event: changed" not in await stream.part():
            pass  # what was there before
        a_run(
            shown.folder / shown.owner.organization / "run_03",
            [a_trial()],
            run="run_03",
        )
        news = await stream.part()

    assert stream.status == 200
    assert first == b"retry: 2000\n\n"
    assert b"event: changed" in news


async def test_streams_end_when_the_process_is_told_to(shown: Shown) -> None:
    """They would hold it up for ever."""
    async with followed(shown.app.app, f"{shown.root}/events", token=shown.owner.token) as stream:
        await stream.part()
        shown.app.app.state.services.dashboards.end()
        async with asyncio.timeout(5):
            while await stream.part():
                pass

    assert stream.ended


async def test_listeners_are_bounded(shown: Shown) -> None:
    """One organization leaves room for others."""
    async with asyncio.TaskGroup() as group:
        leaving = asyncio.Event()
        begun = asyncio.Semaphore(0)

        async def listen() -> None:
            path = f"{shown.root}/events"
            async with followed(shown.app.app, path, token=shown.owner.token):
                begun.release()
                await leaving.wait()

        for _ in range(MOST_LENT_OF_ONE):
            group.create_task(listen())
        for _ in range(MOST_LENT_OF_ONE):
            await begun.acquire()
        refused = await shown.get("/")
        leaving.set()
    again = await shown.get("/")

    assert (refused.status, refused.code) == (429, "streams_busy")
    assert again.status == 200


async def test_a_platform_without_a_folder_says_so(
    database_urls: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    """With what its operator has to do."""
    del tmp_path
    async with real_app(database_urls, redis_url) as app:
        owner = await app.found()
        root = f"/v1/organizations/{owner.organization}/evaluations"
        answer = await app.call("GET", f"{root}/", token=owner.token)

    assert answer.code == "wrong_time"
    assert "PLANGATE_EVALUATIONS" in answer.json["detail"]
