"""What shows runs is found among the installed distributions."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from harness.dashboard.mounted import opened
from runtime.bootstrap.evaluations import installed, open_dashboards


async def test_the_harness_offers_its_dashboard(tmp_path: Path) -> None:
    """By an entry point: nothing here imports it."""
    async with AsyncExitStack() as stack:
        dashboards = open_dashboards(tmp_path, stack)
        async with dashboards.lent("org_a") as application:
            assert application is not None

    assert installed() is opened
