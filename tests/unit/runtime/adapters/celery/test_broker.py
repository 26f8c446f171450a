"""The broker is named by a URL alone, spoken to in JSON, and never shown with its password."""

from __future__ import annotations

import pytest

from runtime.adapters.celery.address import broker_url, shown
from runtime.adapters.celery.broker import broker_priority, job_app
from runtime.domain.errors import BrokerUrlError

SECRET = "hunter2hunter2"  # noqa: S105  # looked for where it must not be


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        pytest.param("redis://h:6379/1", "redis://h:6379/1", id="Redis"),
        pytest.param(
            "rediss://:p@h:6379/1", "rediss://:p@h:6379/1?ssl_cert_reqs=required", id="by TLS"
        ),
        pytest.param(
            "rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none", id="TLS, unproven"
        ),
        pytest.param("unix:///r.sock", "redis+socket:///r.sock?virtual_host=0", id="a socket"),
        pytest.param(
            "redis+socket://:p@/r.sock?db=3",
            "redis+socket://:p@/r.sock?virtual_host=3",
            id="a socket as kombu calls it",
        ),
    ],
)
def test_addresses_are_spelled_as_kombu_reads_them(url: str, spelled: str) -> None:
    """Whoever asks for TLS gets it, and a socket's database is not forgotten."""
    assert broker_url(url) == spelled


def test_tls_is_used_where_it_is_asked_for() -> None:
    """Kombu alone would speak in the clear to such an address."""
    connection = job_app("rediss://:p@h:6379/0").connection_for_write()

    assert connection.ssl


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param(f"amqp://a:{SECRET}@h", "its scheme is 'amqp'", id="another protocol"),
        pytest.param(SECRET, "its scheme is ''", id="none at all"),
        pytest.param(f"gcpubsub://{SECRET}", r"plangate\[pubsub\]", id="what is not installed"),
    ],
)
def test_what_can_not_be_used_is_said_without_the_address(url: str, problem: str) -> None:
    """An address may hold a password wherever somebody put it."""
    with pytest.raises(BrokerUrlError, match=problem) as raised:
        job_app(url)

    assert SECRET not in str(raised.value)


def test_a_variable_of_celerys_names_no_other_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery itself would let such a variable win over what it is told."""
    for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"):
        monkeypatch.setenv(name, "redis://elsewhere:1/0")
    app = job_app("redis://here:6379/0")

    found = {app.connection_for_read().hostname, app.connection_for_write().hostname}

    assert found == {"here"}


def test_nothing_but_json_is_taken_and_nothing_but_messages_is_sent() -> None:
    """A queue that takes pickles runs whatever anybody puts there."""
    conf = job_app("redis://h").conf

    assert (conf.accept_content, conf.task_serializer) == (["json"], "json")
    assert conf.result_backend is None
    assert not conf.worker_enable_remote_control


def test_redis_serves_the_smallest_number_first() -> None:
    """The most urgent of ours is the least of theirs."""
    assert [broker_priority(urgent) for urgent in (9, 4, 0)] == [0, 5, 9]


def test_an_address_is_shown_without_who_logs_in() -> None:
    """Neither name nor password."""
    assert shown(f"redis://ann:{SECRET}@h:1/2?x={SECRET}") == "redis://h:1/2"
