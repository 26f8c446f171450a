"""Serve the platform with the runs of two organizations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.unit.harness.dashboard.builders import some_runs

__all__ = ["redis_url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Hold the app, two organizations, and the folder in which each has runs of its own."""

    app: RealApp
    folder: Path
    owner: Acting
    stranger: Acting

    @property
    def root(self) -> str:
        """Return where the pages of the first one are."""
        return f"/v1/organizations/{self.owner.organization}/evaluations"

    async def get(
        self,
        path: str,
        *,
        who: Acting | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Ask for a page of the first one, as its owner if nobody else is named."""
        token = (who or self.owner).token
        return await self.app.call("GET", f"{self.root}{path}", token=token, headers=headers)


@pytest_asyncio.fixture
async def shown(
    database_urls: DatabaseUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[Shown]:
    """Serve the whole platform, with runs of two organizations and a file beside them."""
    folder = tmp_path / "evaluations"
    folder.mkdir()
    async with real_app(database_urls, redis_url, evaluations=folder) as app:
        owner, stranger = await app.found(), await app.found()
        some_runs(folder / owner.organization, ("run_01", "run_02"))
        some_runs(folder / stranger.organization, ("run_secret",))
        yield Shown(app=app, folder=folder, owner=owner, stranger=stranger)
