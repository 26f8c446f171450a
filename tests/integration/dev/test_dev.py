"""`plangate dev` brings the whole platform up on a bare machine, and takes all of it down again."""

from __future__ import annotations

import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from runtime.entrypoints.cli.client import Client, Request, path_of
from tests.database import DatabaseUrls
from tests.servers.dev_instance import (
    DevInstance,
    await_nothing_left,
    dev_instance,
    nothing_left,
    refuses,
)
from tests.servers.redis_server import redis_server

SET: Final = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the tests here share, so that all but the first start are warm."""
    return tmp_path_factory.mktemp("dev") / ".plangate"


def asked(dev: DevInstance, method: str, *parts: str, **wish: Any) -> Any:  # noqa: ANN401  # a document
    """Ask the platform with the demo's token."""
    request = Request(method=method, path=path_of(*parts, verb=wish.pop("verb", None)), **wish)
    return Client(dev.demo["url"], token=dev.demo["token"]).ask(request)


def counter(dev: DevInstance) -> int:
    """Return where the demo's counter stands."""
    state = asked(dev, "GET", "projects", dev.demo["project"], "state")
    value: int = state["components"]["counter"]["value"]
    return value


def stopped(dev: DevInstance, *, by: signal.Signals) -> bool:
    """Stop it, and return whether it ended well and nothing of it is left."""
    ports = dev.ports
    dev.send(by)
    well = dev.ended() == 0 and "Traceback" not in dev.text
    return well and nothing_left(dev.folder) and len(ports) == 3 and all(map(refuses, ports))


def pasted(dev: DevInstance) -> list[str]:
    """Return the curl lines that people are shown."""
    return re.findall(r"curl -s .*", dev.text)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevInstance]:
    """Run one that no test stops."""
    with dev_instance(tmp_path_factory.mktemp("running") / ".plangate") as dev:
        dev.await_greeting()
        yield dev


def test_people_see_how_to_begin(running: DevInstance) -> None:
    """The token and two lines to paste; no password; its file is for them alone."""
    demo, kept = running.demo, running.folder / "secrets.json"

    execute, read = pasted(running)

    assert f"{demo['url']}/v1/projects/{demo['project']}/plans:execute -H 'Auth" in execute
    assert f"Authorization: Bearer {demo['token']}'" in read
    passwords = re.findall(r'": "(.+)"', kept.read_text())
    assert len(passwords) == 4
    assert not any(password in running.text for password in passwords)
    assert (running.folder / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_second_starter_learns_who_runs(running: DevInstance) -> None:
    """By process and address, at once, and the first one goes on."""
    with dev_instance(running.folder) as second:
        assert second.ended() == 5

    assert f"process {running.process.pid} serves {running.demo['url']}" in second.text
    assert asked(running, "GET", "me")


def test_a_taken_port_is_said(running: DevInstance, tmp_path: Path) -> None:
    """Before anything is started, if it was named."""
    port = running.demo["url"].rpartition(":")[2]
    with dev_instance(tmp_path, "--port", port) as second:
        assert second.ended() == 5

    assert f"port {port} of 127.0.0.1 can't be listened on" in second.text
    assert not (tmp_path / "postgres").exists()


def test_what_was_done_is_there_after_a_restart(folder: Path) -> None:
    """The first start makes a demo that works, the second finds it, with its token and state.

    Ctrl-C and SIGTERM stop all of it: no process is left, no port answers, and that is a success.
    """
    with dev_instance(folder) as dev:
        dev.await_greeting()
        first = dev.demo
        project = ("projects", first["project"], "plans")
        assert asked(dev, "POST", *project, verb="execute", body=SET)["status"] == "done"
        assert stopped(dev, by=signal.SIGINT)
    with dev_instance(folder) as dev:
        dev.await_greeting()

        assert {**dev.demo, "url": ""} == {**first, "url": ""}
        assert counter(dev) == 3
        assert stopped(dev, by=signal.SIGTERM)


def test_impatience_leaves_nothing_behind(folder: Path) -> None:
    """A second Ctrl-C on its heels cuts the first short, and still no server outlives it."""
    with dev_instance(folder) as dev:
        dev.await_greeting()
        dev.send(signal.SIGINT)
        dev.send(signal.SIGINT)
        said_stopping = threading.Event()
        while "Stopping." not in dev.text and not said_stopping.wait(0.01):
            pass
        dev.send(signal.SIGINT)

        assert dev.ended() in {0, 130, -signal.SIGINT}  # the last may find the process ending
        await_nothing_left(folder)
    assert "Traceback" not in dev.text


def test_a_server_that_keeps_dying_ends_it(folder: Path) -> None:
    """Nobody is served from half a platform; the message says which server, and why."""
    with dev_instance(folder) as dev:
        dev.await_greeting()
        port = int(re.findall(r"redis://127\.0\.0\.1:(\d+)", dev.text)[0])
        password = orjson.loads((folder / "secrets.json").read_bytes())["redis"]

        _await(lambda: _shut_down_redis(port, password), dev)

        assert dev.ended() == 4
        assert nothing_left(folder)
    assert "embedded redis: it died 6 times in 60 s" in dev.text
    assert "Traceback" not in dev.text


def test_a_kill_leaves_no_servers_and_the_next_start_works(folder: Path) -> None:
    """They end with whoever started them, whatever ended that."""
    with dev_instance(folder) as dev:
        dev.await_greeting()
        demo = dev.demo
        dev.process.kill()
        dev.ended()
        await_nothing_left(folder)
    with dev_instance(folder) as dev:
        dev.await_greeting()

        assert dev.demo["token"] == demo["token"]
        assert asked(dev, "GET", "me")["member"]["id"] == demo["member"]


def test_an_interrupt_while_data_are_made_leaves_none(tmp_path: Path) -> None:
    """The next start is a first one again."""
    with dev_instance(tmp_path) as dev:
        _await((tmp_path / "postgres.log").exists, dev)
        dev.send(signal.SIGINT)

        assert (dev.ended(), dev.text.splitlines()[-1]) == (130, "Interrupted.")
    with dev_instance(tmp_path) as dev:
        dev.await_greeting()

        assert counter(dev) == 0


def test_an_interrupt_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    """Whatever was started by then is stopped; what initdb started ends a moment after it."""
    with dev_instance(tmp_path) as dev:
        _await((tmp_path / "redis.log").exists, dev)
        dev.send(signal.SIGINT)

        assert (dev.ended(), dev.text.splitlines()[-1]) == (130, "Interrupted.")
        await_nothing_left(tmp_path)
    assert "Traceback" not in dev.text


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Serve a Redis of somebody else's."""
    with redis_server() as url:
        yield url


def test_named_servers_are_used(
    empty_database_urls: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    """Nothing is started beside them; the database is migrated only by its owner's address."""
    named = {"PLANGATE_DATABASE_URL": empty_database_urls.app_url, "PLANGATE_REDIS_URL": redis_url}
    owned = {**named, "PLANGATE_MIGRATION_URL": empty_database_urls.owner_url}
    with dev_instance(tmp_path, environ=named) as refused:
        assert refused.ended() == 5
    with dev_instance(tmp_path, environ=owned) as dev:
        dev.await_greeting()
        assert counter(dev) == 0

    assert "run `plangate db upgrade` as its owner" in refused.text
    assert "Traceback" not in refused.text
    assert f"127.0.0.1:{empty_database_urls.app_url.rpartition(':')[2]}\n" in dev.text
    made = {item.name for item in tmp_path.iterdir()}
    kept = {".gitignore", "audit", "demo.json", "dev.lock", "keys.json", "worker.log"}
    assert made | {"worker.log"} == kept  # which is written once the worker starts


def _shut_down_redis(port: int, password: str) -> bool:
    """Tell the Redis that runs now to end; false, because another one may follow."""
    with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"AUTH {password}\r\nSHUTDOWN NOSAVE\r\n".encode())
        connection.recv(100)
    return False


def _await(happened: Callable[[], bool], dev: DevInstance) -> None:
    never = threading.Event()
    while not happened() and dev.process.poll() is None:
        never.wait(0.01)  # the time limit of a test bounds it
