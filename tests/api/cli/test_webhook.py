"""`plangate webhook` keeps webhooks, and hands events to a port of this machine."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result
from typing_extensions import override

from runtime.bootstrap.dev_folder import read_demo
from runtime.entrypoints.cli.webhook import app
from runtime.kit.webhook_signature import verified
from tests.api.cli.conftest import Command, Document
from tests.servers.dev_instance import DevInstance

Documents = Callable[..., Document]
TO = "https://hooks.example.com/very-private"
NEVER = '{"types": ["queue.paused"]}'


@dataclass(slots=True)
class Took:
    """Remember what a local receiver was sent.

    Attributes:
        status: what it answers.
    """

    url: str = ""
    status: int = 202
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Took]:
    """Receive on a port of this machine."""
    took = Took()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # by the base
            took.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            took.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(took.status)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        took.url = f"http://127.0.0.1:{server.server_address[1]}/in?a=b"
        yield took
        server.shutdown()
        thread.join()


@pytest.fixture
def webhook(plangate: Command) -> Command:
    """Run a command of the group, where `plangate` runs."""

    def run(*arguments: str, **wish: Any) -> Result:  # noqa: ANN401  # the runner's own
        return CliRunner().invoke(app, arguments, **wish)

    return run


@pytest.fixture
def webhook_document(webhook: Command) -> Documents:
    """Run a command of the group for programs; it has to succeed."""

    def run(*arguments: str) -> Document:
        result = webhook(*arguments, "--json")
        assert result.exit_code == 0, result.output
        found: Document = orjson.loads(result.stdout)
        return found

    return run


@pytest.fixture
def project(document: Documents) -> str:
    """Make a project, and return its name."""
    name = f"webhooks {datetime.now(UTC).timestamp()}"
    document("project", "create", name, "--environment", "counter")
    return name


def test_a_webhook_is_made_changed_and_deleted(
    webhook: Command, webhook_document: Documents, project: str
) -> None:
    """By its name, or by its id; what is secret of its address is not shown."""
    place = ("--project", project)

    made = webhook_document(
        "create", "alerts", TO, "--filter", NEVER, "--format", "slack", "--ordered", *place
    )
    listed = webhook("list", *place)
    changed = webhook_document("update", "alerts", "--per-minute", "60", "--at-once", "2", *place)
    freed = webhook_document("update", made["id"], "--per-minute", "0", "--unordered", *place)
    shown = webhook("show", "alerts", *place)
    deleted = webhook("delete", "alerts", *place)
    gone = webhook("show", "alerts", *place)

    assert made["secret"].startswith("whsec_")
    assert "https://hooks.example.com" in listed.stdout
    assert "very-private" not in listed.stdout + shown.stdout
    assert (changed["per_minute"], changed["at_once"], changed["format"]) == (60, 2, "slack")
    assert (freed["per_minute"], freed["ordered"]) == (None, False)
    assert "queue.paused" in shown.stdout
    assert deleted.exit_code == 0
    assert gone.exit_code == 1
    assert "not_found" in gone.stderr


def test_a_webhook_of_the_organization(webhook: Command, webhook_document: Documents) -> None:
    """Is kept with --org."""
    name = f"all {datetime.now(UTC).timestamp()}"
    made = webhook_document("create", name, TO, "--filter", NEVER, "--org")

    listed = webhook_document("list", "--org")["items"]
    webhook_document("delete", name, "--org")

    assert made["project"] is None
    assert made["id"] in {item["id"] for item in listed}


def test_an_address_and_headers_may_stand_in_files(
    webhook_document: Documents, project: str, tmp_path: Path
) -> None:
    """So that nobody else on the machine sees them."""
    address, headers = tmp_path / "address", tmp_path / "headers.json"
    address.write_text(f"{TO}\n")
    headers.write_text('{"Authorization": "Bearer x"}')

    made = webhook_document(
        "create", "quiet", str(address), "--headers", str(headers), "--filter", NEVER,
        "--project", project,
    )  # fmt: skip

    assert (made["url"], made["headers"]) == ("https://hooks.example.com", ["authorization"])


def test_secrets_are_rotated(webhook: Command, webhook_document: Documents, project: str) -> None:
    """A pair shows its public half; a shared secret is shown this once."""
    place = ("--project", project)
    webhook_document("create", "alerts", TO, "--filter", NEVER, *place)

    shared = webhook_document("rotate", "alerts", "--overlap", "60", *place)
    pair = webhook("rotate", "alerts", "--scheme", "v1a", "--only", *place)

    assert shared["secret"].startswith("whsec_")
    assert "whpk_" in pair.stdout
    assert "got lost" not in pair.stderr


def test_a_webhook_is_switched_off_and_on(webhook: Command, project: str) -> None:
    """While it is off, nothing can be asked of it."""
    place = ("--project", project)
    webhook("create", "alerts", TO, "--filter", NEVER, *place)

    off = webhook("disable", "alerts", *place)
    refused = webhook("ping", "alerts", *place)
    on = webhook("enable", "alerts", *place)

    assert "disabled" in off.stdout
    assert refused.exit_code == 1
    assert "wrong_time" in refused.stderr
    assert "enabled" in on.stdout


def test_deliveries_are_listed_and_counted(
    webhook: Command, webhook_document: Documents, project: str
) -> None:
    """Though there are none."""
    place = ("--project", project)
    webhook("create", "alerts", TO, "--filter", NEVER, *place)
    wanted = ("--type", "plan.executed", "--since", "2026-01-01")

    listed = webhook_document("deliveries", "alerts", "--status", "failed", *wanted, *place)
    counted = webhook_document(
        "resend", "alerts", "--dry-run", "--status", "failed", *wanted, *place
    )
    none = webhook("attempts", "alerts", f"whd_{1:026d}", *place)
    one = webhook("resend", "alerts", f"whd_{1:026d}", *place)

    assert listed["items"] == []
    assert counted == {"resent": 0, "left": 0, "dry_run": True}
    assert (none.exit_code, one.exit_code) == (1, 1)


def test_events_are_handed_to_this_machine_signed(
    dev: DevInstance, plangate: Command, webhook: Command, project: str, receiver: Took
) -> None:
    """As a webhook would get them, with a secret that was printed."""
    cursor = now_in_the_events(dev, plangate, project)
    executed(plangate, project)

    heard = webhook(
        "listen", "--forward", receiver.url, "--verify", "--type", "plan.executed",
        "--after", cursor, "--count", "1", "--project", project,
    )  # fmt: skip

    assert heard.exit_code == 0, heard.output
    secret = heard.stderr.partition("signed with ")[2].split()[0]
    [body], [headers] = receiver.bodies, receiver.headers
    now_s = int(datetime.now(UTC).timestamp())
    assert verified(body, headers, keys=[secret], now_s=now_s) is None
    assert orjson.loads(body)["type"] == "plan.executed"
    assert headers["webhook-id"] in heard.stdout
    assert "202 in" in heard.stdout
    assert "signature fits" in heard.stdout


def test_nobody_at_the_port_is_told(
    dev: DevInstance, plangate: Command, webhook: Command, project: str
) -> None:
    """In the line of the event; listening goes on."""
    cursor = now_in_the_events(dev, plangate, project)
    executed(plangate, project)

    heard = webhook(
        "listen", "--forward", "http://127.0.0.1:9/", "--type", "plan.executed",
        "--after", cursor, "--count", "1", "--project", project, "--json",
    )  # fmt: skip

    told = orjson.loads(heard.stdout)
    assert told["status"] is None
    assert "refused" in told["error"]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1/", "http://example.com:80/", "http://127.0.0.1/", "http://[::1"]
)
def test_events_are_handed_to_no_other_machine(webhook: Command, project: str, url: str) -> None:
    """Nor by a name that could be another's."""
    result = webhook("listen", "--forward", url, "--project", project)

    assert result.exit_code == 5
    assert "no port of this machine" in result.stderr


def test_a_stream_that_is_refused_says_why(webhook: Command, project: str) -> None:
    """At once, and not again and again."""
    result = webhook("listen", "--type", "plan.dreamt", "--project", project)

    assert result.exit_code == 1
    assert "request_invalid" in result.stderr


def executed(plangate: Command, project: str) -> None:
    """Execute a plan in a project."""
    plan = '{"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}'
    result = plangate("plan", "execute", plan, "--project", project)
    assert result.exit_code == 0, result.output


def now_in_the_events(dev: DevInstance, plangate: Command, project: str) -> str:
    """Return a cursor behind what has happened in a project."""
    listed = orjson.loads(plangate("project", "list", "--json").stdout)["items"]
    [project_id] = [item["id"] for item in listed if item["name"] == project]
    demo = read_demo(dev.folder)
    assert demo is not None
    place = demo.url.rpartition("/")[2]
    connection = http.client.HTTPConnection(place)
    headers = {"authorization": f"Bearer {demo.token}", "accept": "application/json"}
    connection.request("GET", f"/v1/projects/{project_id}/events?limit=200", headers=headers)
    found: Document = orjson.loads(connection.getresponse().read())
    connection.close()
    return str(found["cursor"])
