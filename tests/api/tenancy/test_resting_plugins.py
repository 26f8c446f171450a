"""What one organization's inputs do to a plugin's process, another organization does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from runtime.kit.json_value import JsonObject
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from runtime.settings.plugins import PluginSettings
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.hostile_plugins import healthy
from tests.wheels import install_module

__all__ = ["redis_url"]

LOOPS: Final = 'while inputs["by"] == 9: pass'
EATS: Final = 'kept = bytearray(inputs["by"] // 9 * 2**30)'


def harmed(name: str, does: str) -> str:
    """Return the module of a plugin whose handler does something before it adds."""
    adds = f'state["{name}"]["count"] +='
    return healthy(name).replace(adds, f"{does}\n    {adds}")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder in which plugins are found."""
    monkeypatch.syspath_prepend(tmp_path)
    loader.look_again()
    yield tmp_path
    loader.admit(ADMIT_ALL)
    loader.look_again()


async def project_of(app: RealApp, who: Acting, name: str) -> tuple[str, str]:
    """Return the environment and the id of a new project."""
    wish: JsonObject = {"name": "p", "environment": name}
    return name, str((await app.made("/v1/projects", wish, token=who.token))["id"])


async def counted(
    app: RealApp, who: Acting, project: tuple[str, str], *, by: int
) -> tuple[str, str]:
    """Execute one step, and return its status and what was found if it failed."""
    name, place = project
    plan: JsonObject = {"steps": [{"action": f"{name}.add", "inputs": {"by": by}}]}
    outcome = await app.made(f"/v1/projects/{place}/plans:execute", {"plan": plan}, token=who.token)
    return str(outcome["status"]), str((outcome["refusal"] or {}).get("found", ""))


@pytest.mark.parametrize(
    ("name", "does", "how"),
    [
        pytest.param("vole", LOOPS, "it did not end in time", id="loops"),
        pytest.param(
            "stoat", EATS, "it took more memory than a handler may", id="takes all memory"
        ),
    ],
)
async def test_one_organization_does_not_take_a_plugin_from_another(
    installed: Path, database_urls: DatabaseUrls, redis_url: str, name: str, does: str, how: str
) -> None:
    """The one whose step it was waits; the other is answered by a process that is there already."""
    install_module(installed, name, harmed(name, does))
    plugins = PluginSettings(admitted=f"dist-{name}", isolates=True)
    async with real_app(database_urls, redis_url, plugins=plugins) as app:
        hostile, other = await app.found(), await app.found()
        theirs, ours = [await project_of(app, who, name) for who in (hostile, other)]
        before = await counted(app, other, ours, by=1)
        failed = await counted(app, hostile, theirs, by=9)
        after = await counted(app, other, ours, by=1)
        resting = await counted(app, hostile, theirs, by=1)

    assert (before[0], after[0]) == ("done", "done")
    assert failed[0] == "failed"
    assert how in failed[1]
    assert resting[0] == "failed"
    assert "the plugin rests for this organization" in resting[1]
