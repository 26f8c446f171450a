"""The report tells which recordings hold today, by what the real planner asks today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.cassette.player import Player
from harness.cassette.shelf import Shelf
from harness.cassette.staleness import AddressProbe, StaleReport, stale_report
from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.replay import Contender, replay
from harness.trial import TrialKey
from runtime.public import Sampling
from tests.models.scripted import ScriptedModel, calling
from tests.unit.harness.cassette.builders import MODEL, a_call_of, a_key, a_request, record
from tests.worlds import prepared

SCENARIO = prepared(id="counter-set")


async def passed(shelf: Shelf, scenario: PreparedScenario, *, trials: int = 1) -> AddressProbe:
    """Drive the planner over the trials of a scenario."""
    probe = AddressProbe(Player(shelf, MODEL))
    for index in range(trials):
        key = TrialKey(scenario=scenario.scenario.id, model=MODEL, index=index)
        contender = Contender(
            reference=MODEL,
            label="",
            model=ScriptedModel.of(),
            sampling=Sampling(),
            for_trial=probe.for_trial,
        )
        await replay(scenario, contender, TrialJob(key=key, seed=7))
    return probe


async def recorded(folder: Path, *, first: str = "counter_set") -> Shelf:
    """Record the scenario's first trial as the planner asks it."""
    probe = await passed(Shelf(folder), SCENARIO)
    request = probe.asked[a_key()][0].request
    call = a_call_of(request, completion=calling(first, value=3))
    record(Shelf(folder), [call])
    return Shelf(folder)


def report_on(probe: AddressProbe, *scenarios: str) -> StaleReport:
    """Report on a pass over the builders' scenario and others that exist."""
    return stale_report(probe, scenarios={"counter-set", *scenarios})


async def test_an_unchanged_recording_is_current(tmp_path: Path) -> None:
    """Nothing to do, and it says so."""
    report = report_on(await passed(await recorded(tmp_path), SCENARIO))

    assert (report.current, report.fresh, report.reference) == (1, True, MODEL)
    assert (report.stale, report.missing, report.gone, report.beyond) == ((), (), (), ())


async def test_a_changed_message_makes_the_recording_stale(tmp_path: Path) -> None:
    """The report says what changed."""
    changed = prepared(id="counter-set", when={"message": "Set the counter to three."})

    report = report_on(await passed(await recorded(tmp_path), changed))

    (stale,) = report.stale
    assert stale.key == a_key()
    assert stale.why.startswith("since the recording the message changed")
    assert (report.current, report.fresh) == (0, False)


async def test_a_changed_state_is_told_from_a_changed_message(tmp_path: Path) -> None:
    """The system text holds the state."""
    changed = prepared(id="counter-set", given={"state": {"/counter/value": 9}})

    (stale,) = report_on(await passed(await recorded(tmp_path), changed)).stale

    assert stale.why.startswith("since the recording the prompt changed")


async def test_a_later_call_is_checked_too(tmp_path: Path) -> None:
    """A recorded answer that today needs a repair leads to a call that nobody recorded."""
    report = report_on(await passed(await recorded(tmp_path, first="no_tool"), SCENARIO))

    (stale,) = report.stale
    assert stale.why.startswith("call 2 was never recorded")


async def test_more_trials_are_missing_and_fewer_leave_some_beyond(tmp_path: Path) -> None:
    """Neither is stale."""
    shelf = await recorded(tmp_path)

    more = report_on(await passed(shelf, SCENARIO, trials=2))
    none = report_on(await passed(shelf, SCENARIO, trials=0))

    assert [item.key.index for item in more.missing] == [1]
    assert (more.current, more.stale, more.fresh) == (1, (), False)
    assert none.beyond == (a_key(),)
    assert (none.current, none.fresh) == (0, True)


async def test_recordings_of_scenarios_that_are_gone_are_named(tmp_path: Path) -> None:
    """They can be pruned; one that exists but was left out of the pass can't."""
    shelf = await recorded(tmp_path)
    for name in ("deleted", "elsewhere"):
        record(shelf, [replace(a_call_of(a_request()), key=a_key(name))])

    report = report_on(await passed(Shelf(tmp_path), SCENARIO), "elsewhere")

    assert report.gone == ("deleted",)
    assert report.beyond == (a_key("elsewhere"),)
    assert report.fresh


async def test_a_pass_that_never_asked_says_nothing(tmp_path: Path) -> None:
    """A trial that was opened and not asked is neither current nor missing today."""
    probe = AddressProbe(Player(await recorded(tmp_path), MODEL))
    probe.for_trial(a_key())
    probe.for_trial(a_key(index=1))

    report = report_on(probe)

    assert (report.current, report.stale, report.missing) == (0, (), ())
