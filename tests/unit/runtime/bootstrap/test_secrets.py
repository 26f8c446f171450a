"""Tests of what is told of secrets: figures, lines of the log, and readiness."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from runtime.bootstrap.secret_figures import SecretFigures
from runtime.bootstrap.secrets import SecretsClosedError, open_reader, secrets_ready
from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.services.readiness import DegradedError
from runtime.services.secrets.classes import FRESH_S
from runtime.services.secrets.measures import FetchResult, Reading
from runtime.services.secrets.wishes import Wish
from runtime.settings import ResolvedVariable, ServiceSettings
from runtime.telemetry import configure_logging
from tests.secret_keeping import a_keeping, a_wish, down


async def test_readiness_is_degraded_while_stale_and_gone_once_closed() -> None:
    """An operator hears of an outage before its end, and the platform closes."""
    fresh, keeping = a_keeping(), a_keeping()
    await secrets_ready(fresh.reader, keeping.reader)
    await keeping.reader.read(a_wish())
    keeping.provider.fails = down
    keeping.clock.advance(timedelta(seconds=FRESH_S))
    await keeping.reader.read(a_wish())
    with pytest.raises(DegradedError):
        await secrets_ready(fresh.reader, keeping.reader)

    keeping.clock.advance(timedelta(hours=1))
    with pytest.raises(Exception, match="nobody answers"):
        await keeping.reader.read(a_wish())
    with pytest.raises(SecretsClosedError):
        await secrets_ready(fresh.reader, keeping.reader)


async def test_figures_tell_how_secrets_are_read() -> None:
    """Hits, fetches by result, ages and budgets; once it ends, nothing of it is told."""
    registry, keeping = CollectorRegistry(), a_keeping()
    figures = SecretFigures(registry)
    hide = figures.show(keeping.reader.standing)
    reading = Reading(organization=None, reference="vault://kv/shop/crm#token", why="a test")
    figures.fetched(reading, FetchResult.READ, version="1", seconds=0.01)
    figures.rotation_heard(2)
    figures.failed("rotations", ValueError("hunter2"))
    await keeping.reader.read(a_wish())
    keeping.provider.fails = down
    keeping.clock.advance(timedelta(seconds=100))
    await keeping.reader.read(a_wish())
    await keeping.reader.read(a_wish())

    told = generate_latest(registry).decode()
    for line in (
        'plangate_secret_fetches_total{result="read",scheme="vault"} 1.0',
        "plangate_secret_hits_total 0.0",
        "plangate_secret_stale 1.0",
        "plangate_secret_oldest_stale_seconds 100.0",
        "plangate_secret_closed 0.0",
        'plangate_secret_calls_left{scheme="vault"} 1999.0',
        "plangate_secret_rotations_total 2.0",
        'plangate_secret_failures_total{what="rotations"} 1.0',
    ):
        assert line in told.splitlines()
    assert "kv/shop" not in told
    hide()
    assert "plangate_secret_stale" not in generate_latest(registry).decode()


async def test_the_platforms_own_readings_are_lines_of_the_log(tmp_path: Path) -> None:
    """Reference, version and reason; those at the start as well; never a value."""
    told = StringIO()
    configure_logging(stream=told)
    (tmp_path / "key").write_text("hunter2")
    (tmp_path / "key").chmod(0o600)
    figures = SecretFigures(CollectorRegistry())
    figures.resolved(
        (ResolvedVariable(name="PLANGATE_SMTP_URL", reference="file:///smtp", version="7"),)
    )
    wish = Wish(reference=read_reference(f"file://{tmp_path}/key"), why="models of openai")
    async with open_reader(ServiceSettings(), clock=SystemClock(), figures=figures) as reader:
        assert (await reader.read(wish)).value.text() == "hunter2"

    first, second = map(orjson.loads, told.getvalue().splitlines())
    assert (first["event"], first["reference"], first["why"], first["version"]) == (
        "secret.read",
        "file:///smtp",
        "PLANGATE_SMTP_URL",
        "7",
    )
    assert (second["event"], second["reference"]) == ("secret.read", wish.reference.text())
    assert (second["why"], second["organization"]) == ("models of openai", None)
    assert "hunter2" not in told.getvalue()
