"""Run over several machines: the same figures as on one, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from redis import Redis

from harness.budget import worst_case
from harness.remote.dispatch import do_trials_remotely
from harness.results import RunError
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import ChatRequest, ToolSet
from tests.harness.provider import HELD, Provider, provider
from tests.unit.harness.remote.machines import LONGEST_S, Machines, Prepared, a_run, machines
from tests.worlds import SMALL_WORLD, a_world

pytestmark = pytest.mark.timeout(180)  # several processes load a provider library each

OFFLINE = ("plangate/oracle", "plangate/keyword", "plangate/noisy-oracle?rate=0.5")


@pytest.fixture(scope="module")
def shared() -> Iterator[Machines]:
    """Let two workers serve all runs of this module that nobody disturbs."""
    with machines() as found:
        found.start()
        found.start()
        yield found


@pytest.fixture
def own() -> Iterator[Machines]:
    """Give a test workers of its own to kill."""
    with machines() as found:
        yield found


@pytest.fixture
def server() -> Iterator[Provider]:
    """Serve a model."""
    with provider() as stub:
        yield stub


def held(server: Provider) -> str:
    """Name the model that can be held, at a price of a dollar a million tokens."""
    return f"openai/{HELD}?transport=http&api_base={server.base}&price_in=1&price_out=1"


def keys(run: Prepared) -> list[TrialKey]:
    """Return whose records reached the sink, in a stable order."""
    return sorted(record.key for record in run.records)


def test_two_workers_give_the_figures_of_one_process(tmp_path: Path, shared: Machines) -> None:
    """Where a trial is done changes nothing about it."""
    world = a_world(tmp_path)
    here = a_run(tmp_path / "here", world, *OFFLINE, trials=6)
    there = a_run(tmp_path / "there", world, *OFFLINE, trials=6)

    assert here.carried() is None
    assert there.remotely(shared.broker) is None

    assert there.figures() == here.figures()
    assert keys(there) == keys(here)


def test_a_killed_worker_loses_nothing_and_no_answer_is_paid_twice(
    tmp_path: Path, own: Machines, server: Provider
) -> None:
    """What it was at is done by another one; what it had finished is not asked again."""
    world = a_world(tmp_path)
    here = a_run(tmp_path / "here", world, held(server), trials=5)
    here.carried()
    asked_here = server.served[HELD]
    server.hold_after = asked_here + 4
    there = a_run(tmp_path / "there", world, held(server), trials=5)
    victim = own.start()

    def replace() -> None:
        assert server.holding.wait(LONGEST_S)
        victim.kill()
        victim.wait()
        server.hold_after = None
        own.start()

    replacing = threading.Thread(target=replace)
    replacing.start()
    stopped = there.remotely(own.broker)
    replacing.join()

    cut_off = server.served[HELD] - 2 * asked_here
    assert stopped is None
    assert there.figures() == here.figures()
    assert len(set(keys(there))) == len(keys(there)) == len(keys(here))
    assert 1 <= cut_off <= 2  # as many as were in flight when it died


def test_a_client_that_stops_goes_on_without_paying_twice(
    tmp_path: Path, own: Machines, server: Provider
) -> None:
    """What workers finished while nobody listened is taken when the run is resumed."""
    world = a_world(tmp_path)
    run = a_run(tmp_path / "run", world, held(server), trials=5)
    own.start()

    def failing(_: TrialRecord) -> None:
        raise RunError("disk full")

    with pytest.raises(RunError, match="disk full"):
        asyncio.run(
            do_trials_remotely(
                run.contest, iter(run.left()), failing, remote=run.remote(own.broker)
            )
        )

    again = a_run(tmp_path / "run", world, held(server), trials=5)
    assert again.remotely(own.broker) is None
    assert len(set(keys(again))) == 10
    assert server.served[HELD] == len(server.asked) == sum(item.calls for item in again.records)


def test_a_worker_with_other_scenarios_scores_nothing(tmp_path: Path, shared: Machines) -> None:
    """The run ends with what is different and with what to do."""
    world = a_world(tmp_path)
    run = a_run(tmp_path / "run", world, "plangate/oracle")
    a_world(tmp_path, SMALL_WORLD.replace("value: 5", "value: 6"))

    with pytest.raises(RunError, match=r"worker .* scenarios below .* are others than the run's"):
        run.remotely(shared.broker)

    assert run.records == []


def test_a_worker_with_other_code_scores_nothing(tmp_path: Path, shared: Machines) -> None:
    """Code is compared before anything is opened."""
    run = a_run(tmp_path / "run", a_world(tmp_path), "plangate/oracle")
    manifest = run.folder / "manifest.json"
    document = orjson.loads(manifest.read_bytes())
    manifest.write_bytes(orjson.dumps({**document, "code": "0.0.9+other"}))

    with pytest.raises(RunError, match=r"the run was begun with 0\.0\.9\+other"):
        run.remotely(shared.broker)

    assert run.records == []


def test_a_budget_holds_across_machines(tmp_path: Path, shared: Machines, server: Provider) -> None:
    """The worst case is set aside before a call, wherever it is made; the rest can be resumed."""
    world = a_world(tmp_path)
    whole = a_run(tmp_path / "whole", world, held(server), trials=5)
    whole.carried()
    spent = whole.records[0].prompt_tokens + whole.records[0].completion_tokens
    run = a_run(tmp_path / "run", world, held(server), trials=5)

    stopped = run.remotely(shared.broker, max_tokens=worst(server) + 4 * spent)

    assert stopped is not None
    assert "the budget is used up" in stopped
    assert [record.status for record in run.records] == [TrialStatus.SCORED] * 5
    assert a_run(run.folder, world, held(server), trials=5).remotely(shared.broker) is None
    assert run.figures() == whole.figures()
    assert server.served[HELD] == 20


def worst(server: Provider) -> int:
    """Return the most tokens that any request to the server could have used."""
    return max(
        worst_case(
            ChatRequest(
                messages=tuple(asked["messages"]),
                tools=ToolSet(tuple(asked["tools"])),
                max_tokens=asked["max_tokens"],
            ),
            None,
        ).tokens
        for asked in server.requests
    )


def test_no_key_and_no_prompt_travels(tmp_path: Path, own: Machines, server: Provider) -> None:
    """Messages and terms name trials; texts stay in the scenario files."""
    run = a_run(tmp_path / "run", a_world(tmp_path), held(server))
    asking = threading.Thread(target=run.remotely, args=(own.broker,))
    asking.start()
    sent = everything(own.broker)

    own.start()
    asking.join()

    assert b"counter-set-three" in sent
    assert b"counter_set" not in sent
    assert b"arguments" not in sent


def everything(broker: str) -> bytes:
    """Return all that a queue holds as soon as it holds a message."""
    with Redis.from_url(broker) as redis:
        message = redis.blmove("plangate.eval", "seen", LONGEST_S, "LEFT", "LEFT")
        body = base64.b64decode(orjson.loads(message)["body"])
        terms = [redis.get(key) for key in redis.keys("plangate:eval:*:terms")]
        redis.lmove("seen", "plangate.eval", "LEFT", "LEFT")
        return b"".join([message, body, *terms])
