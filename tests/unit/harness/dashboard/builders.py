"""Build what the dashboard shows, and ask its app without a socket."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import enumerate as threads
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

from harness.dashboard.card import ModelCard, RunCard, RunState
from harness.dashboard.store import StoreAnswer, StoreReader
from harness.settings import HarnessSettings
from harness.tracking.history import Point
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def settings_for(uri: str = "sqlite:///nowhere/mlflow.db") -> HarnessSettings:
    """Build settings for a store."""
    return HarnessSettings(environ=dict(os.environ), tracking_uri=uri, in_ci=True)


def a_model_card(model: str = ORACLE, **changes: object) -> ModelCard:
    """Build a model that passed nine of ten trials."""
    fields: dict[str, Any] = {
        "model": model,
        "label": "offline oracle",
        "offline": True,
        "done": 10,
        "scored": 10,
        "pass_rate": 0.9,
        "interval": (0.6, 0.98),
        "findings": 0,
        "cost_micros": 0,
        "latency_p95_s": 0.2,
        "suite_digest": "sha256:5a1e",
        "comparability": "sha256:c0",
    }
    return ModelCard(**(fields | changes))


def a_card(run: str = "run_01", **changes: object) -> RunCard:
    """Build a finished run of one model."""
    fields: dict[str, Any] = {
        "run": run,
        "folder": run,
        "created": "2026-03-02T10:00:00+00:00",
        "state": RunState.FINISHED,
        "verdict": "pass",
        "scenarios": 10,
        "planned": 10,
        "models": (a_model_card(),),
    }
    return RunCard(**(fields | changes))


def a_point(run: str = "run_01", model: str = ORACLE, **changes: object) -> Point:
    """Build a point as the store returns it."""
    fields: dict[str, Any] = {
        "run": run,
        "created": "2026-03-01T10:00:00+00:00",
        "model": model,
        "scored": 4,
        "pass_rate": 0.75,
        "interval": (0.3, 0.95),
        "findings": 1,
        "cost_micros": None,
        "latency_p95_s": 0.5,
        "verdict": "regression",
        "suite_digest": "sha256:5a1e",
        "comparability": "sha256:c0",
        "store_run": "5f0c1e2d3a4b5c6d",
    }
    return Point(**(fields | changes))


def a_store(answer: StoreAnswer | None = None, *, every_s: float = 3600.0) -> StoreReader:
    """Build a store that has just answered."""
    found = answer or StoreAnswer()
    return settled(StoreReader(settings_for(), every_s=every_s, ask=lambda _: found))


def settled(reader: StoreReader, *, now: bool = False) -> StoreReader:
    """Let a reader ask, and wait until it has its answer."""
    reader.refresh(now=now)
    for thread in threads():
        if thread.name == "tracking-store":
            thread.join(timeout=10)
    return reader


def some_runs(root: Path, names: tuple[str, ...] = ("run_01", "run_02")) -> Path:
    """Write finished runs of two scenarios each."""
    for name in names:
        a_run(root / name, [a_trial(), a_trial("helpdesk-note")], run=name)
    return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold what a server answered."""

    status: int
    headers: dict[str, str]
    text: str


async def ask(
    app: ASGIApp,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    root_path: str = "",
) -> Answer:
    """Send one request straight to an app."""
    parts, got = urlsplit(address), list[Message]()
    sent = {"host": "127.0.0.1:8787", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": root_path,
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)

    await app(scope, receive, send)
    return Answer(
        status=got[0]["status"],
        headers={name.decode(): value.decode() for name, value in got[0]["headers"]},
        text=b"".join(message.get("body", b"") for message in got[1:]).decode(),
    )
