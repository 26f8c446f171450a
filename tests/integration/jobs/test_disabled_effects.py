"""An effect of a plugin that an organization turned off does not run there."""

from __future__ import annotations

from runtime.domain.job import JobStatus
from runtime.kit.clock import SystemClock
from runtime.services.plugins.switches import PluginSwitches
from tests.jobs import Shop


def switches(shop: Shop, owner: str) -> PluginSwitches:
    """Return what a worker knows in which a plugin owns the shop's effect."""
    return PluginSwitches(
        shop.world.database,
        environments=shop.world.environments,
        effect_owners={"box.label": owner},
        monotonic_s=SystemClock().monotonic_s,
    )


async def turned_off(shop: Shop, plugin: str) -> None:
    """Turn a plugin off in the shop's organization, as another process would."""
    await shop.superuser.execute(
        "insert into plugin_switches (organization_id, plugin, disabled_at, disabled_by) "
        "values ($1, $2, now(), $3)",
        shop.organization,
        plugin,
        shop.world.caller.member_id,
    )


async def test_a_disabled_plugin_s_effect_is_dead_with_a_reason(shop: Shop) -> None:
    """It was put before; nothing is called."""
    await shop.put(value=7)
    await turned_off(shop, "labels")
    shop.enabled = switches(shop, "labels").effect_enabled

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.DEAD
    assert "the plugin of box.label is turned off in the organization" in str(job.reason)
    assert shop.receiver.calls == []


async def test_another_plugin_s_effect_runs(shop: Shop) -> None:
    """Only what was turned off stands still."""
    await shop.put(value=7)
    await turned_off(shop, "others")
    shop.enabled = switches(shop, "labels").effect_enabled

    await shop.deliver(shop.worker())

    assert (await shop.job()).status is JobStatus.DONE


async def test_what_is_turned_off_is_read_again_once_it_is_forgotten(shop: Shop) -> None:
    """The process in which it is switched knows at once."""
    known = switches(shop, "labels")
    before = await known.effect_enabled(shop.organization, "box.label")
    await turned_off(shop, "labels")
    remembered = await known.effect_enabled(shop.organization, "box.label")
    known.forget(shop.organization)
    after = await known.effect_enabled(shop.organization, "box.label")
    await known.close()

    assert (before, remembered, after) == (True, True, False)
