"""Offer the dashboard to a platform, which shows each organization its own runs.

The platform finds this by the entry point group `plangate.dashboards`. It has found out who asks
before a request comes here, and says in `root_path` below which address the pages are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from harness.dashboard.app import create_app
from harness.dashboard.guard import Hosts
from harness.settings import mounted_settings


@asynccontextmanager
async def opened(runs_folder: Path, *, tracking_uri: str) -> AsyncIterator[FastAPI]:
    """Open the dashboard of one folder of runs, and close it in the end.

    Args:
        runs_folder: with a folder for each run; links in it are not followed.
        tracking_uri: of the organization's own MLflow store; empty: there is none.
    """
    app = create_app(
        mounted_settings(tracking_uri), runs_folder, hosts=Hosts(every=True), mounted=True
    )
    async with app.router.lifespan_context(app):
        yield app
