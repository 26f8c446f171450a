"""Run on a hostile machine: full disk, closed folder, second process, clock that runs backwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from harness.cassette.journal import CALLS
from harness.concluding import Finished
from harness.evaluation import evaluate
from harness.opening import RunRequest
from harness.record import read_run
from harness.replay import Contender
from harness.reporting.publish import write_reports
from harness.reporting.terminal import silent_progress
from harness.results import RESULTS
from harness.settings import child_environment
from runtime.public import (
    ChatRequest,
    Completion,
    JsonValue,
    Sampling,
    TokenUsage,
    ToolCall,
)
from tests.harness.command import PLANGATE, Ran, ended, eval_run, started
from tests.harness.provider import Provider, provider
from tests.worlds import SMALL_WORLD, a_world, prepared

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

WITHOUT_OVERRIDE: Final = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Take from root what lets it write where nobody may."""
MANY: Final = 30


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """Serve for the whole module."""
    with provider() as stub:
        yield stub


@pytest.fixture
def model(server: Provider) -> str:
    """Name a model that repeats the calls in the message; nothing was asked of it yet."""
    server.served.clear()
    return f"openai/echo?transport=http&api_base={server.base}"


def limited(kib: int, *arguments: str | Path, folder: Path) -> Ran:
    """Run the command where no file may grow beyond so many KiB, as on a disk that is full."""
    shell = ["bash", "-c", f'ulimit -f {kib}; exec "$@"', "bash"]
    return wrapped(shell, *arguments, folder=folder)


def wrapped(before: Sequence[str], *arguments: str | Path, folder: Path) -> Ran:
    """Run the command by another one."""
    done = subprocess.run(
        [*before, PLANGATE, "eval", "run", *map(str, arguments), "--no-track"],
        cwd=folder,
        env=child_environment(first_on_path=()) | {"CI": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def many_cases() -> str:
    """Write scenarios enough to fill a small disk."""
    head, case, _ = SMALL_WORLD.split("  - id: ")
    cases = (f"  - id: {case}".replace("set-three", f"set-{at}") for at in range(MANY))
    return head + "".join(cases)


def test_a_disk_that_is_full_loses_no_finished_trial_and_pays_for_none_twice(
    tmp_path: Path, model: str, server: Provider
) -> None:
    """What was answered is in the journal; with room again the run goes on from there."""
    world = a_world(tmp_path, many_cases())
    usual = ("--model", model, "--concurrency", "2")

    full = limited(24, world, *usual, "--output", "run", folder=tmp_path)
    kept = (tmp_path / "run" / RESULTS).read_bytes()
    asked, journaled = server.served["echo"], (tmp_path / "run" / CALLS).read_bytes().count(b"\n")
    done = eval_run("--resume", "run", folder=tmp_path)

    assert full.code == 4
    assert "plangate eval run --resume run" in full.err
    assert 0 < kept.count(b"\n") <= journaled < MANY
    assert asked - journaled <= 2
    assert (done.code, done.json["models"][0]["overall"]["passed"]) == (0, MANY), done.err
    assert (tmp_path / "run" / RESULTS).read_bytes().startswith(kept)
    assert server.served["echo"] == MANY + asked - journaled


def test_a_cassette_that_does_not_fit_stays_as_it_was(
    tmp_path: Path, model: str, server: Provider
) -> None:
    """The calls are kept in the run's folder; recording goes on without asking again."""
    record = ("--model", model, "--record")
    eval_run(a_world(tmp_path, many_cases()), *record, folder=tmp_path)
    (cassette,) = (tmp_path / "world" / "cassettes").rglob("*.jsonl")
    before, asked = cassette.read_bytes(), server.served["echo"]
    a_world(tmp_path)

    full = limited(12, "world", *record, "--output", "second", folder=tmp_path)
    untouched = cassette.read_bytes()
    done = eval_run("--resume", "second", "--record", folder=tmp_path)

    assert full.code == 4
    assert f"{cassette.name} can't be written" in full.err
    assert untouched == before
    assert [path.name for path in cassette.parent.iterdir()] == [cassette.name]
    assert done.code == 0, done.err
    assert server.served["echo"] == asked + 2
    assert b"counter-set-then-move" in cassette.read_bytes()


@pytest.mark.parametrize("resumed", [False, True], ids=["a new run", "a resumed run"])
def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, model: str, server: Provider, *, resumed: bool
) -> None:
    """Before anything is asked."""
    run = tmp_path / "closed" / "run"
    run.parent.mkdir()
    world = a_world(tmp_path)
    if resumed:
        eval_run(world, "--model", model, folder=tmp_path)
        (tmp_path / "run").rename(run)
    asked = server.served["echo"]
    what = ("--resume", run) if resumed else (world, "--model", model, "--output", run)
    closed = run if resumed else run.parent
    closed.chmod(0o555)
    try:
        before = WITHOUT_OVERRIDE if os.geteuid() == 0 else ()
        ran = wrapped(before, *what, folder=tmp_path)
    finally:
        closed.chmod(0o755)

    assert ran.code == 4, ran.err
    assert "Traceback" not in ran.err
    assert str(run) in ran.err
    assert "Permission denied" in ran.err
    assert server.served["echo"] == asked


def test_two_processes_never_write_one_run(tmp_path: Path, server: Provider) -> None:
    """The second one says so and asks for nothing."""
    model = f"openai/held?transport=http&api_base={server.base}"
    server.hold_after = server.served["held"]
    arguments = ("eval", "run", a_world(tmp_path), "--model", model, "--no-track")
    first = started(*arguments, "--output", "run", "--concurrency", "1", folder=tmp_path)
    try:
        assert server.holding.wait(timeout=30)
        asked = server.served["held"]

        second = eval_run("--resume", "run", folder=tmp_path)

        assert second.code == 4
        assert "run is being written by another process" in second.err
        assert server.served["held"] == asked
    finally:
        first.kill()
        ended(first)
        server.hold_after = None


class Backwards:
    """Tell an earlier time whenever it is asked."""

    def __init__(self) -> None:
        self._told_s = 0.0

    def now(self) -> datetime:
        """Go back by a day each time."""
        self._told_s -= 86_400
        return datetime.fromtimestamp(1_800_000_000 + self._told_s, UTC)

    def monotonic_s(self) -> float:
        """Go back by a second each time, which no sane clock does."""
        self._told_s -= 1
        return self._told_s


class Three:
    """Set the counter to three."""

    name = "m/three"
    offline = True
    native_tools = True

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer right."""
        assert request.messages
        call = ToolCall(id="c", name="counter_set", arguments='{"value": 3}')
        return Completion(
            text="",
            tool_calls=(call,),
            finish_reason="stop",
            usage=TokenUsage(),
            cost_micros=0,
            model="m",
        )

    async def close(self) -> None:
        """Hold nothing."""


def timed_backwards(folder: Path, **changes: JsonValue) -> Finished:
    """Carry a run through by a clock that goes backwards."""
    request = RunRequest(
        run="run_1",
        folder=folder,
        paths=("scenarios",),
        tags=(),
        suite_digest="d",
        trials=3,
        seed=0,
        concurrency=1,
        created="2026-01-05T12:00:00+00:00",
        **changes,
    )
    model = Three()
    contender = Contender(reference=model.name, label="x", model=model, sampling=Sampling())
    return evaluate(
        request,
        [prepared()],
        {model.name: contender},
        gate=None,
        progress=silent_progress(),
        clock=Backwards(),
    )


def test_a_clock_that_goes_backwards_makes_no_negative_time(tmp_path: Path) -> None:
    """The run is whole, its folder is read back, and reports are written."""
    finished = timed_backwards(tmp_path / "run")

    run = read_run(tmp_path / "run")
    write_reports(tmp_path / "run")
    assert finished.models[0].overall.passed == 3
    assert run.summary.finished
    assert run.summary.wall_s is not None
    assert run.summary.wall_s >= 0
    assert (tmp_path / "run" / "report.html").is_file()
