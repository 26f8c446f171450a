"""Start the real command in a process of its own and talk HTTP to it over loopback."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson
import pytest

from harness.dashboard.serve import hosts_for, is_loopback, open_socket
from tests.unit.harness.dashboard.builders import Answer, some_runs

pytestmark = pytest.mark.enable_socket

COMMAND = """
import sys
from pathlib import Path
from harness.cli.dashboard import dashboard_command
sys.exit(dashboard_command(host=sys.argv[2] or None, port=0, runs=Path(sys.argv[1])))
"""
ROOT = Path(__file__).parents[4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Hold a server that runs in a child process."""

    process: subprocess.Popen[str]
    line: str
    port: int

    @contextmanager
    def opened(self, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Ask for something and read it piece by piece."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as answer:
                yield answer

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        with self.opened(path, **headers) as answer:
            text = answer.read().decode()
            return Answer(status=answer.status, headers=dict(answer.getheaders()), text=text)

    @property
    def output(self) -> IO[str]:
        """Return what it prints."""
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def serving(runs: Path, *, host: str = "", uri: str) -> Iterator[Served]:
    """Serve runs until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(runs), host],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+:(\d+)", line)
        assert found, line + process.stdout.read()
        yield Served(process=process, line=line, port=int(found[1]))
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve two runs with a store that can't be read."""
    home = tmp_path_factory.mktemp("served")
    (home / "mlflow.db").write_text("no database " * 100)
    with serving(some_runs(home / "runs"), uri=f"sqlite:///{home}/mlflow.db") as found:
        yield found


def test_the_list_is_served_at_the_printed_address(served: Served) -> None:
    """A free port was taken, and the page is there though the store is not."""
    answer = served.get("/")

    assert "http://127.0.0.1:" in served.line
    assert answer.status == 200
    assert "run_01" in answer.text
    assert "server" not in answer.headers


def test_a_store_that_is_down_is_told_on_the_page(served: Served) -> None:
    """The stream says that the answer came; the page then has the reason."""
    page = served.get("/").text
    event = re.search(r'data-event="(\S+?)"', page)
    assert event is not None
    with served.opened(f"/events?after={event[1]}") as stream:
        while "store-problem" not in page:
            while not stream.readline().startswith(b"event: changed"):
                pass
            page = served.get("/").text

    assert "be read, so runs on this disk are shown" in page
    assert '"unreadable"' in served.get("/healthz").text


@pytest.mark.parametrize(
    ("after", "headers"),
    [
        pytest.param("lost", {}, id="the page's own"),
        pytest.param("{latest}", {"Last-Event-ID": "lost"}, id="the stream's, which is later"),
    ],
)
def test_a_stream_goes_on_from_what_was_seen_last(
    served: Served, after: str, headers: dict[str, str]
) -> None:
    """An id that nobody knows is answered at once with a call to look anew."""
    latest = orjson.loads(served.get("/changes").text)["latest"]
    with served.opened(f"/events?after={after.format(latest=latest)}", **headers) as stream:
        lines = [stream.readline() for _ in range(4)]

    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert lines[0] == b"retry: 2000\n"
    assert lines[2].startswith(b"id: ")
    assert lines[3] == b"event: changed\n"


def test_a_stranger_is_refused(served: Served) -> None:
    """A name that was made to point here does not open the runs."""
    answer = served.get("/", Host="evil.example")

    assert answer.status == 421
    assert "run_01" not in answer.text


def test_a_path_can_not_leave_the_folder(served: Served) -> None:
    """Also when its dots are escaped."""
    for path in ("/runs/..%2fmlflow.db", "/runs/%2e%2e/mlflow.db", "/runs/../../etc/passwd"):
        assert served.get(path).status == 404


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    """Open streams are ended, nothing is complained about, and the exit code is 0."""
    with serving(some_runs(tmp_path), uri=f"sqlite:///{tmp_path}/mlflow.db") as served:
        with served.opened("/events") as stream:
            stream.readline()
            served.process.send_signal(signal.SIGINT)
            rest = served.output.read()

        assert served.process.wait(timeout=20) == 0
        assert rest == "Stopped.\n"


def test_every_address_is_opened_only_when_asked_for(tmp_path: Path) -> None:
    """And then it is said that there is no login."""
    with serving(tmp_path, host="0.0.0.0", uri=f"sqlite:///{tmp_path}/mlflow.db") as served:  # noqa: S104
        warning = served.output.readline()

        assert "There is no login" in warning
        assert served.get("/healthz", Host="192.0.2.7").status == 200
        assert served.get("/healthz", Host="evil.example").status == 421


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        pytest.param("127.0.0.1", True, id="loopback"),
        pytest.param("127.9.9.9", True, id="all of its network"),
        pytest.param("::1", True, id="of IPv6"),
        pytest.param("LocalHost", True, id="its name"),
        pytest.param("0.0.0.0", False, id="every address"),  # noqa: S104
        pytest.param("reports.internal", False, id="a name"),
    ],
)
def test_loopback_is_known(host: str, *, loopback: bool) -> None:
    """Whatever is not surely this machine alone may be reached by others."""
    assert is_loopback(host) is loopback
    assert hosts_for(host).any_address is not loopback
    assert hosts_for(host).takes(f"[{host}]:80" if ":" in host else f"{host}:80")


def test_a_port_that_is_taken_is_an_error() -> None:
    """Two servers don't share one."""
    with open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(OSError, match="in use"):
            open_socket("127.0.0.1", port)
        assert first.family is socket.AF_INET
