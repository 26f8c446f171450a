"""Wait until `plangate dev` really serves, make its demo, and tell people how to begin.

It works in a thread of its own, because the main one serves what it asks for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import typer

from runtime.bootstrap.dev import OFFLINE_MODEL, PASSWORDS, POSTGRES, REDIS, Backing, shown_address
from runtime.bootstrap.dev_folder import AUDIT, DEMO, EVALUATIONS, Demo, DevFolder
from runtime.domain.errors import DomainError
from runtime.entrypoints.cli.client import UNREACHABLE, Client, CommandError, NoAnswerError
from runtime.entrypoints.cli.dev_demo import ensured_demo
from runtime.entrypoints.cli.dev_worker import LOG

READY_S: Final = 60.0
LOOK_S: Final = 0.02
ANSWER_S: Final = 5.0
PLAN: Final = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Hold what is served, and by what means.

    Attributes:
        console: pages for people are served too.
        elapsed_s: since the command began.
    """

    url: str
    folder: DevFolder
    operator_token: str = field(repr=False)
    backing: Backing
    chat_model: str
    console: bool = False
    elapsed_s: Callable[[], float]


class Greeting:
    """Greet in a thread, from `start` until it is done or told to `stop`."""

    def __init__(
        self, stage: Stage, *, greeted: Callable[[], None], give_up: Callable[[], None]
    ) -> None:
        """Keep what is served.

        Args:
            stage: what that is.
            greeted: called once it really serves.
            give_up: ends the serving when the greeting fails.
        """
        self._greeted = greeted
        self._stage = stage
        self._give_up = give_up
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._greet, name="greeting", daemon=True)
        self.failure: Exception | None = None
        self.done = False

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self) -> None:
        """Greet nobody any more; what fails from now on is no failure."""
        self._ending.set()

    def wait(self, seconds: float) -> None:
        """Return when it is over, or after so long."""
        self._thread.join(seconds)

    def _greet(self) -> None:
        stage = self._stage
        try:
            self._await_ready()
            if self._ending.is_set():
                return
            demo = ensured_demo(stage.folder, url=stage.url, operator_token=stage.operator_token)
            self.done = True
            stage.folder.announce(stage.url)
            typer.echo("\n".join(welcome_lines(stage, demo)))
            self._greeted()
        except (CommandError, DomainError, OSError) as error:
            if not self._ending.is_set():
                self.failure = error
                self._give_up()

    def _await_ready(self) -> None:
        """Return when the service is ready, or is not to be.

        Raises:
            CommandError: it is not in time, or somebody else answers.
        """
        client = Client(self._stage.url, token=None, timeout_s=ANSWER_S)
        end_s = self._stage.elapsed_s() + READY_S
        waits_for = "the service"
        while not self._ending.is_set():
            try:
                found = client.ready()
            except NoAnswerError:
                pass
            else:
                if found is None:
                    return
                waits_for = found
            if self._stage.elapsed_s() > end_s:
                raise CommandError(
                    f"not ready after {READY_S:g} s: {waits_for} does not answer",
                    exit_code=UNREACHABLE,
                )
            self._ending.wait(LOOK_S)


def welcome_lines(stage: Stage, demo: Demo) -> Iterator[str]:
    """Say where everything is, and how to execute the first plan."""
    folder, backing = shown_path(stage.folder.path), stage.backing
    passwords = dict.fromkeys(backing.embedded, f"   password in {folder / PASSWORDS}")
    yield _bold(f"Plangate is ready, {stage.elapsed_s():.1f} s after its start.")
    yield ""
    yield f"  API       {stage.url}"
    yield f"  OpenAPI   {stage.url}/openapi.json"
    pages = f"{stage.url}/console" if stage.console else f"plangate console --url {stage.url}"
    yield f"  Console   {pages}"
    yield f"  Postgres  {shown_address(backing.database_url)}{passwords.get(POSTGRES, '')}"
    quorum = ", ".join(map(shown_address, backing.redis_url.split(",")))
    yield f"  Redis     {quorum}{passwords.get(REDIS, '')}"
    yield f"  Model     {_chat_model(stage)}"
    yield f"  Worker    writes to {folder / LOG}"
    yield f"  Audit     copies in {folder / AUDIT}: no WORM, whoever owns it can delete them"
    runs = folder / EVALUATIONS / demo.organization
    yield f"  Runs      {stage.url}/v1/organizations/{demo.organization}/evaluations/, of {runs}"
    yield f"  Token     {demo.token}"
    yield f"            of Demo, who owns the organization; kept in {folder / DEMO}"
    yield ""
    project = f"{stage.url}/v1/projects/{demo.project}"
    header = f"-H 'Authorization: Bearer {demo.token}'"
    body = f"-H 'Content-Type: application/json' -d '{orjson.dumps(PLAN).decode()}'"
    yield _bold("Execute a plan:")
    yield f"  curl -s {project}/plans:execute {header} {body}"
    yield ""
    yield _bold("Read the state:")
    yield f"  curl -s {project}/state {header}"
    yield ""
    yield "`plangate chat`, `plan`, `state`, `project`, `member`, `token`, `org`, `policy`,"
    yield "`approval`, `job`, `schedule`, `hook` and `webhook` find this platform by"
    yield f"{folder / DEMO}."
    yield "Ctrl-C stops all that was started here."


def _chat_model(stage: Stage) -> str:
    """Say what conversations ask, without what its options name."""
    model = stage.chat_model.partition("?")[0]
    if model != OFFLINE_MODEL:
        return model
    return f"{model}: matches words, for nothing; PLANGATE_MODEL names a real one"


def shown_path(path: Path) -> Path:
    """Return a path as people in this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _bold(text: str) -> str:
    return typer.style(text, bold=True)
