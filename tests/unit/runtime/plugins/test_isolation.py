"""A handler in a process of its own fails one action, whatever it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.domain.action import HandlerRefusal, OrganizationHandler
from runtime.domain.outcome import StepStatus
from runtime.domain.plan import Plan, Step
from runtime.domain.reason import ReasonCode
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.isolation import (
    HandlerBounds,
    HandlerRoom,
    IsolatedHandlerError,
    isolated_actions,
)
from runtime.plugins.resting import RestPace
from runtime.sandbox import Sandbox
from tests.builders import a_component, an_action
from tests.wheels import install_module

MODULE = """
import ctypes, os, pathlib, socket, sys, time
from runtime.domain.action import HandlerRefusal, OrganizationHandler
from runtime.plugins.contract import Environment, Plugin
from tests.builders import a_component, an_action

os.mkdir(pathlib.Path(__file__).with_name(f"started-{os.getpid()}"))

def act(inputs, state):
    value = inputs["value"]
    if value == 1:
        os._exit(9)
    if value == 2:
        while True:
            pass
    if value == 3:
        bytearray(500 * 2**20)
    if value == 4:
        ctypes.string_at(0)
    if value == 5:
        raise HandlerRefusal("not five")
    if value == 6:
        raise KeyError("six")
    if value == 7:
        sys.exit(0)
    if value == 8:
        try:
            socket.create_connection(("127.0.0.1", 9))
        except BaseException:
            pass
    if value == 9:
        return {"box": {"value": object()}}
    if value == 11:
        time.sleep(0.2)
    if value == 10:
        print("noise" * 10_000)
        os.write(1, b"noise")
        os.write(4, b"noise" * 100)
    state["box"]["value"] = value
    return state

PLUGIN = Plugin(
    id="box", version="1", components=(a_component(),), actions=(an_action(handler=act),),
    environments=(Environment(id="world", title="World", description="A world."),),
)
"""
STATE = {"box": {"value": 0}}


PATIENT = HandlerBounds(wall_s=1.5)
BRIEF = HandlerBounds(rests=RestPace(allowance_s=0.5))


@dataclass(slots=True)
class HandClock:
    """Give a time that a test moves on."""

    now_s: float = 1_000.0

    def monotonic_s(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
def clock() -> HandClock:
    """Return the clock of the room."""
    return HandClock()


@pytest.fixture
def room(installed: Path, clock: HandClock) -> Iterator[HandlerRoom]:
    """Keep a room for the handlers of the module above."""
    install_module(installed, "box", MODULE)
    room = HandlerRoom(
        "box_plugin:PLUGIN",
        path=sys.path,
        environ={},
        bounds=PATIENT,
        monotonic_s=clock.monotonic_s,
    )
    yield room
    room.close()


@pytest.fixture
def handler(room: HandlerRoom) -> OrganizationHandler:
    """Return the handler that stands in the place of the module's."""
    return room.handler(an_action())


def test_a_handler_answers_as_it_would_here(handler: OrganizationHandler) -> None:
    """Its inputs and its state go there, and the new state comes back."""
    assert handler({"value": 41}, STATE) == {"box": {"value": 41}}


def test_a_second_call_finds_the_process_warm(handler: OrganizationHandler) -> None:
    """A start costs what importing costs; later calls don't."""
    handler({"value": 41}, STATE)
    began_s = time.monotonic()

    for value in range(100, 120):
        handler({"value": value}, STATE)

    assert time.monotonic() - began_s < 1.0


def failed(handler: OrganizationHandler, value: int, organization: str = "") -> str:
    """Return why a call fails."""
    with pytest.raises(IsolatedHandlerError) as caught:
        handler.act(organization, {"value": value}, STATE)
    return str(caught.value)


def starts(installed: Path) -> int:
    """Count the processes that imported the module."""
    return len(list(installed.glob("started-*")))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param(6, "KeyError: 'six'", id="an exception"),
        pytest.param(7, "SystemExit: 0", id="sys.exit"),
        pytest.param(8, "it reached for the network", id="the network, swallowed"),
        pytest.param(9, "it gave back what is no JSON", id="no JSON"),
    ],
)
def test_a_handler_fails_its_own_action_only(
    handler: OrganizationHandler, installed: Path, value: int, problem: str
) -> None:
    """The next call is answered by the same process."""
    assert problem in failed(handler, value)

    assert handler({"value": 41}, STATE) == {"box": {"value": 41}}
    assert starts(installed) == 1


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param(1, "its process ended with exit code 9", id="os._exit"),
        pytest.param(2, "it did not end in time", id="a loop"),
        pytest.param(3, "it took more memory than a handler may", id="500 MB"),
        pytest.param(4, "its process ended by SIGSEGV", id="a segfault"),
    ],
)
def test_a_group_that_loses_its_process_costs_one_bound_and_one_start(
    handler: OrganizationHandler, installed: Path, clock: HandClock, value: int, problem: str
) -> None:
    """Each further call fails at once, and says why; after the rest the next is answered."""
    said = [failed(handler, value) for _ in range(32)]

    assert said[0] == problem
    assert set(said[1:]) == {
        f"{problem}; the plugin rests for this organization for 5 more seconds"
    }
    clock.now_s += PATIENT.rests.rest_s
    assert handler({"value": 41}, STATE) == {"box": {"value": 41}}
    assert starts(installed) == 2  # the first, and the one that was got ready at once


@pytest.mark.parametrize("value", [1, 2, 3, 4])
def test_what_one_organization_did_is_not_the_others(
    handler: OrganizationHandler, installed: Path, value: int
) -> None:
    """They are answered at once, by a process that has started meanwhile."""
    failed(handler, value, "acme")

    assert handler.act("blue", {"value": 41}, STATE) == {"box": {"value": 41}}
    assert "rests for this organization" in failed(handler, 41, "acme")
    assert handler.act("blue", {"value": 42}, STATE) == {"box": {"value": 42}}
    assert starts(installed) == 2


def test_a_new_process_gets_ready_before_anybody_calls(
    handler: OrganizationHandler, installed: Path
) -> None:
    """Whoever calls next waits for what is left of its start."""
    failed(handler, 1)
    deadline_s = time.monotonic() + 30.0

    while starts(installed) < 2:
        assert time.monotonic() < deadline_s


def test_who_fails_for_several_organizations_rests_for_all(
    handler: OrganizationHandler, clock: HandClock
) -> None:
    """What others did is not told; after the rest the next call is answered."""
    for organization in ("acme", "blue", "coal"):
        failed(handler, 1, organization)

    assert failed(handler, 41, "dune") == (
        "it failed for 3 organizations; the plugin rests for 5 more seconds"
    )
    clock.now_s += PATIENT.rests.rest_s
    assert handler.act("dune", {"value": 41}, STATE) == {"box": {"value": 41}}


def test_rests_grow_while_losses_go_on_and_no_further(
    handler: OrganizationHandler, clock: HandClock
) -> None:
    """An answer in between makes none shorter; a long calm does."""
    lasted = []
    for _ in range(6):
        failed(handler, 1)
        lasted.append(failed(handler, 41).split()[-3])
        clock.now_s += float(lasted[-1])
        handler({"value": 41}, STATE)
    clock.now_s += PATIENT.rests.calm_s
    failed(handler, 1)

    assert lasted == ["5", "10", "20", "40", "60", "60"]
    assert failed(handler, 41).endswith("rests for this organization for 5 more seconds")


def test_a_group_of_slow_calls_uses_up_an_allowance(installed: Path) -> None:
    """Each ends within its bound; together they may not hold up the loop either."""
    install_module(installed, "box", MODULE)
    room = HandlerRoom("box_plugin:PLUGIN", path=sys.path, environ={}, bounds=BRIEF)
    slow = room.handler(an_action())
    said = []
    for _ in range(32):
        try:
            said.append(str(slow({"value": 11}, STATE)["box"]["value"]))
        except IsolatedHandlerError as error:
            said.append(str(error))
    room.close()

    assert 1 <= said.count("11") <= 4  # 0.2 s each, of which a quarter comes back
    assert said[-1] == (
        "its handlers took too long together; "
        "the plugin rests for this organization for 5 more seconds"
    )


def test_a_refusal_is_a_refusal(handler: OrganizationHandler) -> None:
    """With the sentence for the person."""
    with pytest.raises(HandlerRefusal, match="not five"):
        handler({"value": 5}, STATE)


def test_what_a_handler_prints_is_no_answer(handler: OrganizationHandler, clock: HandClock) -> None:
    """Nor does it get into the next one; who writes into our pipe loses its process."""
    try:
        answer = handler({"value": 10}, STATE)
    except IsolatedHandlerError:
        answer = {"box": {"value": 10}}
    clock.now_s += PATIENT.rests.rest_s

    assert answer == {"box": {"value": 10}}
    assert handler({"value": 41}, STATE) == {"box": {"value": 41}}


def test_a_plugin_that_is_gone_fails_the_action(tmp_path: Path) -> None:
    """There is nothing to call."""
    room = HandlerRoom("no_such_plugin:PLUGIN", path=sys.path, environ={}, bounds=HandlerBounds())

    with pytest.raises(IsolatedHandlerError, match="its process ended with exit code 1"):
        room.handler(an_action())({"value": 1}, STATE)
    assert failed(room.handler(an_action()), 1, "another") == (
        "its process ended with exit code 1; the plugin rests for 5 more seconds"
    )


def test_the_engine_records_the_failure_of_one_step(installed: Path) -> None:
    """A plan that meets it fails with a reason; another plan is done."""
    install_module(installed, "box", MODULE)
    environment = Environment(id="world", title="World", description="A world.")
    plugin = Plugin(
        id="box",
        version="1",
        components=(a_component(),),
        actions=(an_action(),),
        environments=(environment,),
    )
    isolated = isolated_actions(
        plugin,
        value="box_plugin:PLUGIN",
        path=sys.path,
        environ={},
        bounds=HandlerBounds(wall_s=1.5, rests=RestPace(rest_s=0.0)),
    )
    sandbox = Sandbox.of(isolated, environment)

    def outcome(value: int) -> tuple[StepStatus, ReasonCode | None]:
        plan = Plan(steps=(Step(action="box.put", inputs={"value": value}),))
        found = sandbox.simulate(plan, sandbox.situation()).outcome
        return found.status, found.refusal.code if found.refusal else None

    assert outcome(1) == (StepStatus.FAILED, ReasonCode.HANDLER_ERROR)
    assert outcome(41) == (StepStatus.DONE, None)
