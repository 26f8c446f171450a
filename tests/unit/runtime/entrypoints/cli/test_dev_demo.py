"""The demo is made by the API, once, and what a former run made is used again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.bootstrap.dev_folder import Demo, DevFolder
from runtime.entrypoints.cli.client import CommandError, ProblemError
from runtime.entrypoints.cli.dev_demo import ensured_demo
from tests.servers.scripted_api import HANG_UP, Scripted, ScriptedApi, answer, problem, scripted_api

FOUNDED = {
    "organization": {"id": "org_1"},
    "owner": {"id": "mem_1"},
    "token": {"text": "pgt_new"},
}
NOTHING = answer({"items": [], "next_cursor": None})
KEPT = Demo(
    url="http://127.0.0.1:1",
    organization="org_0",
    member="mem_0",
    token="pgt_old",  # noqa: S106  # of nobody
    project="prj_0",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DevFolder]:
    """Own a folder."""
    owned = DevFolder.claimed(tmp_path)
    yield owned
    owned.release()


def ensured(folder: DevFolder, *script: Scripted) -> tuple[Demo, ScriptedApi]:
    """Ensure the demo at a platform that answers so."""
    with scripted_api(script) as api:
        demo = ensured_demo(folder, url=api.url, operator_token="o" * 32)
    return demo, api


def steps_of(api: ScriptedApi) -> list[str]:
    """Return what was asked, and with which credential."""
    return [
        f"{asked.method} {asked.target} {asked.headers['authorization'].removeprefix('Bearer ')}"
        for asked in api.asked
    ]


def test_the_first_time_all_of_it_is_made(folder: DevFolder) -> None:
    """The organization with the platform's credential, the project with the owner's."""
    demo, api = ensured(folder, answer(FOUNDED, status=201), NOTHING, answer({"id": "prj_1"}))

    assert demo == folder.demo()
    assert (demo.token, demo.project, demo.organization) == ("pgt_new", "prj_1", "org_1")
    assert steps_of(api) == [
        f"POST /v1/organizations {'o' * 32}",
        "GET /v1/projects?limit=200 pgt_new",
        "POST /v1/projects pgt_new",
    ]
    assert api.asked[2].json == {"name": "demo", "environment": "counter"}


def test_the_second_time_it_is_found(folder: DevFolder) -> None:
    """Only its address changes, if another port was taken."""
    folder.keep_demo(KEPT)

    demo, api = ensured(folder, answer({}), answer({"id": "prj_0"}))

    assert demo == replace(KEPT, url=api.url) == folder.demo()
    assert steps_of(api) == ["GET /v1/me pgt_old", "GET /v1/projects/prj_0 pgt_old"]


def test_a_token_that_opens_nothing_is_replaced(folder: DevFolder) -> None:
    """The database is another than before; a new demo belongs to it."""
    folder.keep_demo(KEPT)

    demo, _ = ensured(
        folder,
        problem(401, "token_refused"),
        answer(FOUNDED, status=201),
        NOTHING,
        answer({"id": "prj_1"}),
    )

    assert (demo.token, demo.project) == ("pgt_new", "prj_1")


def test_a_purged_project_is_made_anew(folder: DevFolder) -> None:
    """The organization stays."""
    folder.keep_demo(KEPT)

    demo, _ = ensured(
        folder, answer({}), problem(404, "not_found"), NOTHING, answer({"id": "prj_1"})
    )

    assert (demo.token, demo.project) == ("pgt_old", "prj_1")


def test_a_run_that_was_killed_half_way_is_continued(folder: DevFolder) -> None:
    """The token is kept before anything else is asked, the project found by its name."""
    with pytest.raises(CommandError):
        ensured(folder, answer(FOUNDED, status=201), problem(500, "internal"))
    projects = [{"id": "prj_x", "name": "x"}, {"id": "prj_1", "name": "demo"}]

    demo, api = ensured(folder, answer({}), answer({"items": projects, "next_cursor": None}))

    assert (demo.token, demo.project) == ("pgt_new", "prj_1")
    assert len(api.asked) == 2


def test_a_lost_token_is_no_demo(folder: DevFolder) -> None:
    """The repeated answer does not show it again; nothing is kept, so the next start makes one."""
    lost = {**FOUNDED, "token": {"text": None}}

    with pytest.raises(CommandError, match="got lost on its way; start again"):
        ensured(folder, HANG_UP, answer(lost, status=201))

    assert folder.demo() is None


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([problem(403, "not_allowed")], id="of the token"),
        pytest.param([answer({}), problem(403, "not_allowed")], id="of the project"),
    ],
)
def test_another_refusal_is_not_taken_for_absence(
    folder: DevFolder, script: list[Scripted]
) -> None:
    """What can't be judged is not made again."""
    folder.keep_demo(KEPT)

    with pytest.raises(ProblemError, match="not_allowed"):
        ensured(folder, *script)
