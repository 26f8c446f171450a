"""A replay answers what was recorded for this very trial, or says what changed; it never asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from harness.cassette.player import CassetteMiss, Player
from runtime.public import ChatRequest, ModelFault
from tests.models.scripted import saying
from tests.unit.harness.cassette.builders import MODEL, a_call_of, a_key, a_request, a_shelf

REPAIR: Final = a_request("repair")


async def test_a_trial_is_answered_in_its_order_and_takes_as_long_as_it_took(
    tmp_path: Path,
) -> None:
    """The clock of a trial moves by recorded latencies alone."""
    calls = [
        a_call_of(completion=saying("one"), latency_s=0.25),
        a_call_of(REPAIR, position=1, completion=saying("two"), latency_s=0.5),
    ]
    trial = Player(a_shelf(tmp_path, *calls), MODEL).for_trial(a_key())

    times = [trial.monotonic_s()]
    answers = []
    for request in (a_request(), REPAIR):
        answers.append(await trial.model.complete(request))
        times.append(trial.monotonic_s())

    assert [answer.text for answer in answers] == ["one", "two"]
    assert times == [0.0, 0.25, 0.75]
    assert answers[0].cost_micros == 10


async def test_the_same_request_gets_the_answer_of_its_position(tmp_path: Path) -> None:
    """A model that was asked the same twice said two things."""
    calls = [a_call_of(position=at, completion=saying(text)) for at, text in enumerate("ab")]
    model = Player(a_shelf(tmp_path, *calls), MODEL).for_trial(a_key()).model

    assert [(await model.complete(a_request())).text for _ in range(3)] == ["a", "b", "a"]


async def test_another_trials_answer_is_never_given(tmp_path: Path) -> None:
    """Repetitions that share answers would prove nothing."""
    shelf = a_shelf(tmp_path, a_call_of(key=a_key(index=0)), a_call_of(key=a_key("other", 1)))
    model = Player(shelf, MODEL).for_trial(a_key(index=1)).model

    with pytest.raises(CassetteMiss, match="this trial was never recorded, only 0"):
        await model.complete(a_request())


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param(
            a_request("Set it to 4."), "since the recording the message changed", id="a message"
        ),
        pytest.param(
            a_request(seed=1, max_tokens=5),
            "temperature or max_tokens changed and the trial's seed changed",
            id="two parts",
        ),
    ],
)
async def test_a_miss_says_what_changed_and_how_to_record_it(
    tmp_path: Path, asked: ChatRequest, why: str
) -> None:
    """It can't be retried, and names the command."""
    model = Player(a_shelf(tmp_path, a_call_of()), MODEL).for_trial(a_key()).model

    with pytest.raises(CassetteMiss) as caught:
        await model.complete(asked)

    assert caught.value.fault is ModelFault.UNAVAILABLE
    assert not caught.value.fault.may_retry
    assert why in caught.value.detail
    assert f"--record-missing --cassettes {tmp_path} --model '{MODEL}'" in caught.value.detail


async def test_a_call_beyond_the_recording_is_a_miss(tmp_path: Path) -> None:
    """A parser that asks for a repair today asks for more than was recorded."""
    model = Player(a_shelf(tmp_path, a_call_of()), MODEL).for_trial(a_key()).model
    await model.complete(a_request())

    with pytest.raises(CassetteMiss, match=r"call 2 was never recorded: .* ended after 1"):
        await model.complete(REPAIR)


async def test_a_model_or_scenario_without_recordings_is_told_as_such(tmp_path: Path) -> None:
    """The two are mended differently."""
    shelf = a_shelf(tmp_path, a_call_of())

    with pytest.raises(CassetteMiss, match="this scenario was never recorded"):
        await Player(shelf, MODEL).for_trial(a_key("new")).model.complete(a_request())
    with pytest.raises(CassetteMiss, match="no call of this model was ever recorded"):
        await Player(shelf, "test/new").for_trial(a_key()).model.complete(a_request())


@pytest.mark.parametrize("native", [True, False], ids=["tools", "text"])
def test_the_model_is_asked_as_it_was_recorded(tmp_path: Path, *, native: bool) -> None:
    """Tools or text: the cassette knows, also for scenarios that are new."""
    player = Player(a_shelf(tmp_path, a_call_of(), native_tools=native), MODEL)

    for scenario in ("counter-set", "new"):
        model = player.for_trial(a_key(scenario)).model
        assert model.native_tools is native
        assert (model.name, model.offline) == (MODEL, False)


async def test_closing_a_trials_model_ends_nothing(tmp_path: Path) -> None:
    """Other trials go on."""
    trial = Player(a_shelf(tmp_path, a_call_of()), MODEL).for_trial(a_key())

    await trial.model.close()

    assert (await trial.model.complete(a_request())).tool_calls


REPLAY_WITHOUT_SOCKETS: Final = """
import asyncio, sys
loop = asyncio.new_event_loop()  # its wake-up pair is the last socket
from pathlib import Path
import pytest_socket
pytest_socket.disable_socket(allow_unix_socket=False)
from harness.cassette.player import Player
from harness.cassette.shelf import Shelf
from harness.trial import TrialKey
from tests.unit.harness.cassette.builders import a_key, a_request
trial = Player(Shelf(Path(sys.argv[1])), "test/scripted").for_trial(a_key())
print(loop.run_until_complete(trial.model.complete(a_request())).finish_reason)
print(*sorted({"litellm", "aiohttp", "openai", "httpx"} & set(sys.modules)))
loop.close()
"""


def test_a_replay_opens_no_socket_and_loads_no_client(tmp_path: Path) -> None:
    """A process in which every socket fails replays all the same."""
    a_shelf(tmp_path, a_call_of())

    done = subprocess.run(
        [sys.executable, "-c", REPLAY_WITHOUT_SOCKETS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.split("\n"), done.stderr) == (["tool_calls", "", ""], "")
