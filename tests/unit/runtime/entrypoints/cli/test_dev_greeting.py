"""People are greeted when the service really serves, and told how to begin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from runtime.bootstrap.dev import Backing
from runtime.bootstrap.dev_folder import Demo, DevFolder
from runtime.entrypoints.cli.client import UNREACHABLE, CommandError
from runtime.entrypoints.cli.dev_greeting import Greeting, Stage, welcome_lines
from tests.servers.scripted_api import SILENCE, Scripted, answer, problem, scripted_api
from tests.unit.runtime.entrypoints.cli.test_dev_demo import FOUNDED, NOTHING

WAIT_S: Final = 20.0
DEMO: Final = Demo(
    url="http://127.0.0.1:8000",
    organization="org_1",
    member="mem_1",
    token="pgt_1",  # noqa: S106  # of nobody
    project="prj_1",
)
DOWN: Final = answer({"dependencies": {"redis": {"status": "down"}}}, status=503)
READY: Final = answer({"status": "ready"})
MADE: Final = (answer(FOUNDED, status=201), NOTHING, answer({"id": "prj_1"}))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DevFolder]:
    """Own a folder below the one that we are in."""
    monkeypatch.chdir(tmp_path)
    owned = DevFolder.claimed(tmp_path / ".plangate")
    yield owned
    owned.release()


class Hurried:
    """Let each look at the clock take a while."""

    def __init__(self, each_s: float) -> None:
        self.passed_s = 0.0
        self._each_s = each_s

    def __call__(self) -> float:
        """Return the seconds that passed."""
        self.passed_s += self._each_s
        return self.passed_s


def a_stage(folder: DevFolder, *, url: str = DEMO.url, redis: str = "", each_s: float = 0) -> Stage:
    """Return what is greeted for."""
    return Stage(
        url=url,
        folder=folder,
        operator_token="o" * 32,
        backing=Backing(
            database_url="postgresql://app:secret@127.0.0.1:5432/plangate",
            owner_url=None,
            redis_url=redis or "redis://:secret@127.0.0.1:6379/0",
            embedded={},
        ),
        chat_model="plangate/keyword",
        elapsed_s=Hurried(each_s),
    )


def greeted(
    folder: DevFolder, *script: Scripted, each_s: float = 0, expect_end: bool = True
) -> tuple[Greeting, bool]:
    """Greet for a platform that answers so; return the greeting, and whether it gave up."""
    gave_up, told = threading.Event(), threading.Event()
    with scripted_api(script) as api:
        greeting = Greeting(
            a_stage(folder, url=api.url, each_s=each_s), greeted=told.set, give_up=gave_up.set
        )
        greeting.start()
        if expect_end:
            greeting.wait(WAIT_S)
        greeting.stop()
        greeting.wait(WAIT_S)
    assert told.is_set() is greeting.done  # a worker starts once the platform serves
    return greeting, gave_up.is_set()


def test_the_greeting_waits_until_all_answers(
    folder: DevFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then there is a demo, a second starter is told the address, and people see everything."""
    greeting, gave_up = greeted(folder, DOWN, READY, *MADE)

    assert (greeting.done, greeting.failure, gave_up) == (True, None, False)
    assert "pgt_new" in capsys.readouterr().out
    assert b'"url":"http' in (folder.path / "dev.lock").read_bytes()


def test_what_never_gets_ready_is_given_up(
    folder: DevFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the name of what does not answer."""
    greeting, gave_up = greeted(folder, DOWN, each_s=61)

    assert (greeting.done, gave_up) == (False, True)
    assert isinstance(greeting.failure, CommandError)
    assert greeting.failure.exit_code == UNREACHABLE
    assert str(greeting.failure) == "not ready after 60 s: redis does not answer"
    assert capsys.readouterr().out == ""


def test_a_demo_that_can_not_be_made_is_given_up(folder: DevFolder) -> None:
    """With what the platform said."""
    greeting, gave_up = greeted(folder, READY, problem(403, "not_allowed"))

    assert (greeting.done, gave_up) == (False, True)
    assert "not_allowed" in str(greeting.failure)


def test_nobody_is_greeted_once_it_ends(
    folder: DevFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """And that the platform is gone by then is no failure."""
    greeting, gave_up = greeted(folder, *[DOWN] * 10_000, expect_end=False)

    assert (greeting.done, greeting.failure, gave_up) == (False, None, False)
    assert capsys.readouterr().out == ""


def test_what_fails_while_it_ends_is_no_failure(folder: DevFolder) -> None:
    """The platform is going down: of course it does not answer."""
    gave_up, told = threading.Event(), threading.Event()
    with scripted_api([READY, SILENCE]) as api:
        greeting = Greeting(a_stage(folder, url=api.url), greeted=told.set, give_up=gave_up.set)
        greeting.start()
        api.await_asked(2)
        greeting.stop()
        api.over.set()
        greeting.wait(WAIT_S)

    assert (greeting.done, greeting.failure, gave_up.is_set()) == (False, None, False)
    assert not told.is_set()


def test_the_welcome_says_where_everything_is(folder: DevFolder) -> None:
    """With lines to paste, and no password."""
    stage = a_stage(folder, redis="redis://:secret@a:1/0,redis://:secret@b:2/0", each_s=2.44)

    shown = "\n".join(welcome_lines(stage, DEMO))

    assert "ready, 2.4 s after its start" in shown
    assert "http://127.0.0.1:8000/openapi.json" in shown
    assert "postgresql://127.0.0.1:5432/plangate\n" in shown
    assert "redis://a:1/0, redis://b:2/0\n" in shown
    assert "kept in .plangate/demo.json" in shown
    assert "/v1/organizations/org_1/evaluations/, of .plangate/evaluations/org_1" in shown
    assert "Console   plangate console --url http://127.0.0.1:8000\n" in shown
    assert "secret" not in shown


def test_the_welcome_says_where_the_console_is_that_is_served(folder: DevFolder) -> None:
    """Nobody has to start one."""
    shown = "\n".join(welcome_lines(replace(a_stage(folder), console=True), DEMO))

    assert "Console   http://127.0.0.1:8000/console\n" in shown
    assert "curl -s http://127.0.0.1:8000/v1/projects/prj_1/state -H 'Authori" in shown
