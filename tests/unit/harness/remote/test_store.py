"""Prove what machines share: first records stay, leases are exclusive, a run that is over is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.remote.link import BrokerError, Link
from harness.remote.store import RunStore, be_gone, be_present
from tests.unit.harness.remote.bench import a_counter_world, the_terms
from tests.unit.harness.remote.machines import a_run


@pytest.fixture
async def store(tmp_path: Path, link: Link) -> RunStore:
    """Publish a run."""
    run = a_run(tmp_path / "run", a_counter_world(tmp_path), "plangate/oracle")
    store = RunStore(link, "run")
    await store.publish(the_terms(run), open_ms=60_000)
    return store


async def test_the_first_record_of_a_trial_stays(store: RunStore) -> None:
    """A second one is told and counts for nothing."""
    await store.finish("t", b'{"n":1}')
    await store.finish("t", b'{"n":2}')

    assert await store.documents(["t", "u"]) == {"t": {"n": 1}}
    assert await store.news(timeout_s=0.05) == [("done", "t"), ("done", "t")]
    assert await store.news(timeout_s=0.05) == []


async def test_a_record_takes_the_place_of_the_trials_answers(store: RunStore) -> None:
    """They travel in it."""
    await store.keep_call("t", b'{"n":1}')
    assert await store.calls("t") == [{"n": 1}]

    await store.finish("t", b"{}")

    assert await store.calls("t") == []


async def test_nothing_is_kept_for_a_run_that_is_over(store: RunStore, link: Link) -> None:
    """A worker that comes late leaves nothing behind."""
    await store.forget("plangate:eval:{run}:purse")

    await store.finish("t", b"{}")
    await store.keep_call("t", b'{"n":1}')
    await store.say("over", "b")

    assert await store.terms() is None
    assert await link.do("KEYS", "*") == []


async def test_a_batch_is_one_workers(store: RunStore) -> None:
    """Who lost it can't renew or release it; who was merely late can."""
    assert await store.take_lease("b", "one", lease_ms=60_000)
    assert not await store.take_lease("b", "two", lease_ms=60_000)
    assert not await store.renew_lease("b", "two", lease_ms=60_000)
    await store.release("b", "two")
    assert await store.leased(["b", "c"]) == {"b"}
    await store.release("b", "one")

    assert await store.renew_lease("b", "two", lease_ms=60_000)
    assert await store.leased(["b"]) == {"b"}


@pytest.mark.parametrize("how", ["halted", "closed", "another process"])
async def test_a_run_is_going_for_one_process_and_until_it_ends(store: RunStore, how: str) -> None:
    """Workers ask before each trial."""
    assert await store.going("now")
    if how == "halted":
        await store.halt()
    if how == "closed":
        await store.close("why")

    assert not await store.going("before" if how == "another process" else "now")


async def test_a_run_without_its_process_ends_by_itself(store: RunStore, link: Link) -> None:
    """Its sign of life has an end, and so has everything that is kept."""
    await store.keep_open("now", open_ms=5_000)
    await store.finish("t", b"{}")
    await store.keep_call("u", b"[]")
    await store.close("why")

    keys = [key for key in await link.do("KEYS", "*") if key.startswith(b"plangate:eval:{run}")]

    assert len(keys) == 6
    assert all([await link.do("PTTL", key) > 0 for key in keys])


async def test_terms_of_another_version_are_refused(store: RunStore, link: Link) -> None:
    """By their version."""
    await link.do("SET", "plangate:eval:{run}:terms", '{"version": 2}')

    with pytest.raises(BrokerError, match="version 2, this program reads 1"):
        await store.terms()


async def test_workers_that_gave_a_sign_are_counted(store: RunStore, link: Link) -> None:
    """Until they go or fall silent."""
    await be_present(link, "a")
    await be_present(link, "b")
    await link.do("ZADD", "plangate:eval:workers", 1, "dead")
    assert await store.workers() == 2

    await be_gone(link, "a")

    assert await store.workers() == 1
