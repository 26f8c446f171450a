"""What a plan asks for outside reaches a receiver of this machine, as the README shows it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import orjson

from runtime.entrypoints.cli.client import Client, Request, fresh_key, path_of
from tests.servers.dev_instance import DevInstance, dev_instance

ROOT: Final = Path(__file__).parents[3]
LOOKS: Final = 400
LOOK_S: Final = 0.05


@contextmanager
def the_receiver() -> Iterator[tuple[int, IO[str]]]:
    """Run the receiver of the guide on any port; return the port and what it prints."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "docs" / "receiver.py"), "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2]), process.stdout
        finally:
            process.terminate()


def asked(dev: DevInstance, request: Request) -> Any:  # noqa: ANN401  # a document
    """Ask the platform with the demo's token."""
    return Client(dev.demo["url"], token=dev.demo["token"]).ask(request)


def posted(dev: DevInstance, path: str, body: Any) -> Any:  # noqa: ANN401  # documents
    """Post something to the platform."""
    return asked(dev, Request(method="POST", path=path, body=body, key=fresh_key()))


def test_a_note_is_carried_and_its_answer_comes_back(tmp_path: Path) -> None:
    """The plan is answered at once; the worker that runs beside it does the rest, once."""
    with the_receiver() as (port, printed):
        allow = {"PLANGATE_EGRESS_ALLOW": f"127.0.0.1:{port}"}
        with dev_instance(tmp_path / ".plangate", environ=allow) as dev:
            dev.await_greeting()
            made = posted(dev, path_of("projects"), {"name": "notes", "environment": "courier"})
            inputs = {"to": f"http://127.0.0.1:{port}/notes", "text": "The oven is warm."}
            outcome = posted(
                dev,
                path_of("projects", made["id"], "plans", verb="execute"),
                {"plan": {"steps": [{"action": "note.send", "inputs": inputs}]}},
            )
            where, body = printed.readline(), printed.readline()
            courier = _answered(dev, made["id"])

    assert outcome["status"] == "done"
    assert where.startswith("/notes job_")
    assert orjson.loads(body) == {"text": "The oven is warm."}
    assert courier == {
        "sent": 1,
        "answered": 1,
        "last_text": "The oven is warm.",
        "last_status": 204,
    }


def _answered(dev: DevInstance, project: str) -> Any:  # noqa: ANN401  # a document
    """Return the courier's state once an answer is noted there."""
    pause, look = (
        threading.Event(),
        Request(method="GET", path=path_of("projects", project, "state")),
    )
    for _ in range(LOOKS):
        courier = asked(dev, look)["components"]["courier"]
        if courier["answered"]:
            return courier
        pause.wait(LOOK_S)
    raise AssertionError("no answer is noted")
