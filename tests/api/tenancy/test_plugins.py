"""An organization turns a plugin off: its plans are refused, it shows no actions, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from runtime.services.plugins.switches import FRESH_S
from runtime.settings.plugins import PluginSettings
from tests.abuse.execution.real_app import real_app
from tests.api.app_builder import Answered
from tests.api.tenancy.limited import Site, site
from tests.database import DatabaseUrls, session
from tests.execution import redis_url
from tests.hostile_plugins import healthy, install_healthy
from tests.wheels import install_module

__all__ = ["redis_url", "site"]

DSN = "postgresql://platform:" + "hunter2" + "@db/plangate"
TELLS_ALL = f"import sys\nif 'pytest' in sys.modules:\n    raise RuntimeError('{DSN}')\n"
ADMITTED = PluginSettings(admitted="dist-otter")


async def switched(site: Site, verb: str, *, name: str = "counter", **wish: str) -> Answered:
    """Turn a plugin off or on, as the owner."""
    return await site.app.call(
        "POST", f"{site.place}/plugins/{name}:{verb}", token=site.owner.token, headers=wish
    )


async def test_plugins_are_listed(site: Site) -> None:
    """Members see them too, with what they declare."""
    found = await site.get("/plugins", site.member)

    assert found.status == 200
    (counter,) = (item for item in found.json["items"] if item["name"] == "counter")
    assert (counter["built_in"], counter["standing"], counter["enabled"]) == (True, "served", True)
    assert (counter["distribution"], counter["environments"]) == ("plangate", ["counter"])
    assert "counter.increment@1" in counter["actions"]


async def test_a_disabled_plugin_acts_no_more(site: Site) -> None:
    """Its plans are refused with a code of their own, its actions are hidden, until it is back."""
    before = await site.execute(site.first)
    off = await switched(site, "disable")
    refused = await site.execute(site.first)
    registry = await site.app.call(
        "GET", f"/v1/projects/{site.first}/registry", token=site.owner.token
    )
    simulated = await site.app.made(
        f"/v1/projects/{site.second}/plans:simulate",
        {"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}},
        token=site.owner.token,
    )
    listed = await site.get("/plugins")
    on = await switched(site, "enable")
    after = await site.execute(site.first)

    assert (off.status, off.json["enabled"]) == (200, False)
    assert before["status"] == "done"
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "plugin_disabled")
    assert refused["refusal"]["guard"] == "action_known"
    assert "enable the plugin" in refused["refusal"]["remedy"]
    assert simulated["refusal"]["code"] == "plugin_disabled"
    assert registry.json["actions"] == []
    assert {it["name"]: it["enabled"] for it in listed.json["items"]}["counter"] is False
    assert (on.status, on.json["enabled"], after["status"]) == (200, True, "done")


async def test_switches_are_recorded_once(site: Site) -> None:
    """What holds already changes nothing; the record and the event name the plugin."""
    for verb in ("disable", "disable", "enable", "enable"):
        assert (await switched(site, verb)).status == 200

    async with session(site.app.urls.superuser_url) as superuser:
        kinds = await superuser.fetch(
            "select kind, principal_id from audit_records where kind like 'plugin.%' order by id"
        )
        events = await superuser.fetch(
            "select type, document from events where type like 'plugin.%' order by id"
        )
    assert [tuple(row) for row in kinds] == [
        ("plugin.disabled", site.owner.member),
        ("plugin.enabled", site.owner.member),
    ]
    assert [row["type"] for row in events] == ["plugin.disabled", "plugin.enabled"]
    assert '"plugin":"counter"' in events[0]["document"]


async def test_another_process_hears_of_it_within_five_seconds(site: Site) -> None:
    """It reads anew what it remembered for a moment."""
    await site.execute(site.first)
    async with session(site.app.urls.superuser_url) as superuser:  # as another replica would
        await superuser.execute(
            "insert into plugin_switches (organization_id, plugin, disabled_at, disabled_by) "
            "values ($1, 'counter', now(), $2)",
            site.owner.organization,
            site.owner.member,
        )
    async with asyncio.timeout(5.0):
        while (await site.execute(site.first))["status"] == "done":  # noqa: ASYNC110  # a replica's
            await asyncio.sleep(0.05)

    assert FRESH_S < 5


async def test_only_owners_turn_plugins_off_and_only_their_own(site: Site) -> None:
    """A member may not; an owner of another organization finds nothing there."""
    stranger = await site.app.found()
    path = f"{site.place}/plugins/counter:disable"

    member = await site.app.call("POST", path, token=site.member.token)
    other = await site.app.call("POST", path, token=stranger.token)
    seen = await site.app.call("GET", f"{site.place}/plugins", token=stranger.token)
    nobody = await switched(site, "disable", name="nosuch")

    assert (member.status, other.status, seen.status, nobody.status) == (403, 404, 404, 404)
    assert (await site.execute(site.first))["status"] == "done"


async def test_a_switch_holds_in_its_organization_only(site: Site) -> None:
    """Another organization's projects of that environment go on."""
    stranger = await site.app.found()
    project = await site.app.made(
        "/v1/projects", {"name": "p", "environment": "counter"}, token=stranger.token
    )
    await switched(site, "disable")

    theirs = await site.execute(str(project["id"]), stranger)

    assert theirs["status"] == "done"
    assert (await site.execute(site.first))["status"] == "refused"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a plugin that can't be imported here, and one that nobody admits."""
    monkeypatch.syspath_prepend(tmp_path)
    install_module(tmp_path, "otter", TELLS_ALL + healthy("otter"))
    install_healthy(tmp_path, "lion")
    loader.look_again()
    yield tmp_path
    loader.admit(ADMIT_ALL)
    loader.look_again()


async def test_why_a_plugin_is_not_served_is_the_operator_s_to_know(
    installed: Path, database_urls: DatabaseUrls, redis_url: str
) -> None:
    """Texts of exceptions may hold secrets of the platform; what is left out is not listed."""
    async with real_app(database_urls, redis_url, plugins=ADMITTED) as app:
        owner = await app.found()
        place = f"/v1/organizations/{owner.organization}/plugins"
        listed = await app.call("GET", place, token=owner.token)
        (reason,) = (it.reason for it in loader.plugin_reports() if it.offer.name == "otter")

    found = {item["name"]: item for item in listed.json["items"]}
    assert DSN in reason
    assert "hunter2" not in listed.body.decode()
    assert "lion" not in found
    assert (found["otter"]["standing"], found["otter"]["enabled"]) == ("quarantined", False)
    assert "the operator of the platform" in found["otter"]["reason"]
    assert found["counter"]["reason"] == ""


async def test_a_plugin_that_another_process_serves_is_turned_off_here(
    installed: Path, database_urls: DatabaseUrls, redis_url: str
) -> None:
    """Quarantined or not admitted in this process: its name is known, and that is enough."""
    async with real_app(database_urls, redis_url, plugins=ADMITTED) as app:
        owner = await app.found()
        place = f"/v1/organizations/{owner.organization}/plugins"
        answers = [
            await app.call("POST", f"{place}/{name}:disable", token=owner.token)
            for name in ("otter", "lion", "nosuch")
        ]
    async with session(database_urls.superuser_url) as superuser:
        off = await superuser.fetch("select plugin from plugin_switches order by plugin")

    assert [answer.status for answer in answers] == [200, 200, 404]
    assert {answer.json["standing"] for answer in answers[:2]} == {"quarantined"}
    assert [row["plugin"] for row in off] == ["lion", "otter"]
