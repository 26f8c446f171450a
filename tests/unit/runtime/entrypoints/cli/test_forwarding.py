"""Only this machine is handed what a project says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.domain.webhook import EventToSend
from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.forwarding import Forwarder, LocalTarget, local_target
from runtime.kit.clock import FixedClock
from runtime.kit.webhook_keys import shared_secret

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EVENT = EventToSend(
    id="evt_1",
    type="plan.executed",
    organization_id="org_1",
    project_id="prj_1",
    document='{"outcome":"out_1"}',
    created_at=NOW,
)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        pytest.param(
            "http://127.0.0.1:3000/in?a=b",
            LocalTarget(host="127.0.0.1", port=3000, path="/in?a=b"),
            id="a path",
        ),
        pytest.param(
            "http://localhost:80", LocalTarget(host="localhost", port=80, path="/"), id="none"
        ),
        pytest.param("http://[::1]:1/", LocalTarget(host="::1", port=1, path="/"), id="IPv6"),
    ],
)
def test_a_port_of_this_machine_is_read(url: str, target: LocalTarget) -> None:
    """With the path that it is asked by."""
    assert local_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:80/",
        "http://example.com:80/",
        "http://127.0.0.1@example.com:80/",
        "http://a:b@127.0.0.1:80/",
        "https://127.0.0.1:443/",
        "http://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "127.0.0.1:80",
        "http://[::1",
    ],
)
def test_another_machine_is_refused(url: str) -> None:
    """As is whatever could be read in two ways."""
    with pytest.raises(CommandError) as caught:
        local_target(url)

    assert caught.value.exit_code == USAGE
    assert "a:b" not in str(caught.value)


def test_without_a_port_events_are_signed_and_shown() -> None:
    """And checked, if that was asked for."""
    secret = shared_secret(b"s" * 32)

    plain = Forwarder(target=None, clock=FixedClock(NOW), secret=secret).forward(EVENT)
    checked = Forwarder(target=None, clock=FixedClock(NOW), secret=secret, verifies=True).forward(
        EVENT
    )

    assert (plain.status, plain.error, plain.believed) == (None, None, None)
    assert checked.believed is True
