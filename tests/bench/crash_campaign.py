"""Kill a run with signal 9 again and again, resume it, and hold it against one that nobody killed.

The run is `plangate eval run` in a child process whose clock stands still, so that reports of two
runs may be compared byte by byte; it asks a provider on loopback that remembers every request. The
moment of each kill is drawn: at the n-th request, after the n-th answer, when the files reached a
size, or while reports are written; some kills leave half a line behind.
Run it with `python -m tests.bench.crash_campaign --kills 100`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

import orjson

from harness.cassette.journal import CALLS
from harness.matrix import jobs
from harness.results import RESULTS, read_manifest
from harness.settings import child_environment
from tests.harness.command import PLANGATE
from tests.servers.paid_stub import Paid, Request, paid

SCENARIOS: Final = 12
CONCURRENCY: Final = 4
LONGEST_S: Final = 50
CAP: Final = 150_000
"""Tokens; a whole run takes 157,000."""
COMPARED: Final = ("report.html", "junit.xml", "summary.md", "summary.json")
FROZEN: Final = """\
from datetime import UTC, datetime
from runtime.kit.clock import SystemClock
SystemClock.now = lambda _: datetime(2026, 1, 5, 12, tzinfo=UTC)
SystemClock.monotonic_s = lambda _: 0.0
"""
CASE: Final = """\
  - id: counter-set-{value}
    reason: One value of many, and a repair before it.
    when: {{message: "{value}"}}
    expect: {{plan: {{steps: [{{action: counter.set, inputs: {{value: {value}}}}}]}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """Say how the run is started.

    Attributes:
        always: options that a resumed run needs as well.
        cap: tokens that all parts together may use; None does not limit them.
    """

    name: str
    trials: int = 3
    first: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    cap: int | None = None


MODES: Final = (
    Mode(name="plain"),
    Mode(name="early", trials=6, first=("--early", "0.9,0.5")),
    Mode(name="record", always=("--record", "--cassettes", "cassettes")),
    Mode(name="capped", always=("--max-tokens", f"{CAP}"), cap=CAP),
)


@dataclass(slots=True, kw_only=True)
class Course:
    """Hold one run that is killed and resumed until it is finished.

    Attributes:
        kills: how many parts were killed.
        repeated: requests that were asked again, all of them in flight at a kill.
        problems: what should not have happened; empty when all is well.
    """

    folder: Path
    mode: Mode
    server: Paid
    kills: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def run(self) -> Path:
        """Return the run's folder."""
        return self.folder / "run"

    def begin(self) -> subprocess.Popen[str]:
        """Start the run, or resume it once it has a manifest."""
        if (self.run / "manifest.json").exists():
            what = ["--resume", "run", *self.mode.always]
        else:
            model = f"openai/paid?transport=http&api_base={self.server.base}"
            what = [
                "world", "--model", model, "--trials", str(self.mode.trials), "--output", "run",
                *self.mode.first, *self.mode.always,
            ]  # fmt: skip
        return subprocess.Popen(
            [PLANGATE, "eval", "run", *what, "--concurrency", str(CONCURRENCY), "--no-track"],
            cwd=self.folder,
            env=child_environment(first_on_path=(self.folder,)) | {"CI": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def size_bytes(self) -> int:
        """Return how much the run wrote about calls and trials."""
        files = (self.run / CALLS, self.run / RESULTS)
        return sum(path.stat().st_size for path in files if path.exists())


def a_course(folder: Path, mode: Mode, server: Paid) -> Course:
    """Write scenarios and the clock that stands still into a new folder."""
    (folder / "world").mkdir(parents=True)
    cases = "".join(CASE.format(value=value) for value in range(1, SCENARIOS + 1))
    world = f"environment: counter\nscenarios:\n{cases}"
    (folder / "world" / "cases.yaml").write_text(world, encoding="utf-8")
    (folder / "sitecustomize.py").write_text(FROZEN, encoding="utf-8")
    server.asked.clear()
    server.tokens = 0
    return Course(folder=folder, mode=mode, server=server)


def finish(course: Course) -> str:
    """Let the run go on to its end and return what it said."""
    course.server.child, course.server.kill_at = None, None
    child = course.begin()
    told, _ = child.communicate(timeout=LONGEST_S)
    if child.returncode not in {0, 3}:
        course.problems.append(f"the end has code {child.returncode}: {told[-600:]}")
    return told


def kill_once(course: Course, chance: Random) -> bool:
    """Do a part of the run and kill it at a moment that is drawn; false when it ended before."""
    answered = _answered(course.run)
    kept = _whole_lines(course.run / RESULTS)
    since = len(course.server.asked)
    moment = chance.choice(("asked", "answered", "written", "written", "reporting"))
    if moment in {"asked", "answered"}:
        course.server.kill_at = since + chance.randint(1, 20)
        course.server.answer_first = moment == "answered"
    else:
        course.server.kill_at = None
    target = course.size_bytes() + chance.randint(1, 40_000)
    child = course.server.child = course.begin()
    if moment == "written":
        _kill_when(child, lambda: course.size_bytes() >= target)
    elif moment == "reporting":
        name = chance.choice(("summary.json", *COMPARED))
        _kill_when(child, (course.run / name).exists)
    child.communicate(timeout=LONGEST_S)
    course.server.child = None
    judge_part(course, answered, kept, since=since)
    if child.returncode != -signal.SIGKILL:
        return False
    course.kills += 1
    _tear(course.run, chance)
    return True


def _kill_when(child: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Look again and again, without a pause, so that the kill falls between two writes."""
    while child.poll() is None:
        if reached():
            child.kill()
            return
        os.sched_yield()


def judge_part(course: Course, answered: set[Request], kept: bytes, *, since: int) -> None:
    """Hold one part against what was on disk before it."""
    asked = course.server.asked[since:]
    again = answered & set(asked)
    if again:
        course.problems.append(f"{len(again)} answered calls were paid for again, as {min(again)}")
    if len(set(asked)) < len(asked):
        course.problems.append("one part asked the same twice")
    unanswered = set(asked) - _answered(course.run)
    course.repeated += len(unanswered)
    if len(unanswered) > CONCURRENCY:
        course.problems.append(f"{len(unanswered)} calls were in flight at a kill")
    if not _whole_lines(course.run / RESULTS).startswith(kept):
        course.problems.append("finished trials are gone")
    if course.mode.cap is not None and course.server.tokens > course.mode.cap:
        course.problems.append(f"{course.server.tokens} tokens, with a cap of {course.mode.cap}")


def _answered(run: Path) -> set[Request]:
    """Return the requests whose answers the journal holds."""
    if not (run / CALLS).exists():
        return set()
    manifest = read_manifest(run)
    (model,) = (item.reference for item in manifest.models)
    names = [item.id for item in manifest.scenarios]
    every = jobs(names, [model], trials=manifest.trials, seed=manifest.seed)
    seeds = {(job.key.scenario, job.key.index): job.seed for job in every}
    documents = map(orjson.loads, _whole_lines(run / CALLS).splitlines())
    calls = [document["call"] for document in documents if "call" in document]
    return {
        Request(
            int(call["scenario"].rpartition("-")[2]),
            seeds[call["scenario"], call["trial"]],
            call["position"],
        )
        for call in calls
    }


def _whole_lines(path: Path) -> bytes:
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1]


def _tear(run: Path, chance: Random) -> None:
    """Leave half a line behind, as a kill in the middle of a write would."""
    path = run / chance.choice((CALLS, RESULTS))
    lines = _whole_lines(path).splitlines()
    if lines and chance.random() < 1 / 2:
        with path.open("ab") as file:
            file.write(lines[-1][: chance.randint(1, len(lines[-1]))])


def differing(one: Course, other: Course) -> list[str]:
    """Return the reports and recordings of two runs that are not the same, but for the run's id."""
    return [
        name
        for name in sorted(_reports(one).keys() | _reports(other).keys())
        if _reports(one).get(name) != _reports(other).get(name)
    ]


def _reports(course: Course) -> dict[str, bytes]:
    run = read_manifest(course.run).run.removeprefix("run_").encode()  # reports escape `_`
    files = [course.run / name for name in COMPARED]
    files += sorted((course.folder / "cassettes").rglob("*.jsonl"))
    found = {
        str(path.relative_to(course.folder)): path.read_bytes().replace(run, b"RUN")
        for path in files
        if path.exists()
    }
    trials = sorted((course.run / RESULTS).read_bytes().splitlines())
    return {**found, "trials": b"\n".join(trials)}


def campaign(
    folder: Path, mode: Mode, server: Paid, *, kills: int, chance: Random, whole: Course
) -> Course:
    """Kill a run up to so many times, finish it, and compare it with a whole one."""
    course = a_course(folder, mode, server)
    while course.kills < kills and kill_once(course, chance):
        pass
    told = finish(course)
    if mode.cap is not None:
        if server.tokens > mode.cap:
            course.problems.append(f"{server.tokens} tokens, with a cap of {mode.cap}")
        if "stopped:" not in told:
            course.problems.append(f"the cap ended nothing: {told[-600:]}")
        course.mode = replace(mode, always=("--max-tokens", f"{10 * CAP}"), cap=None)
        finish(course)
    course.problems += [f"{name} differs" for name in differing(whole, course)]
    return course


def main() -> None:
    """Kill so many runs, and print the figures."""
    parser = argparse.ArgumentParser(description="Kill runs and resume them.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch, paid() as server:
        courses = list(_campaigns(Path(scratch), server, kills=given.kills, seed=given.seed))
    kills, repeated = (sum(it.kills for it in courses), sum(it.repeated for it in courses))
    print(
        f"{kills} kills in {len(courses)} runs: {repeated} calls in flight were asked again, "
        f"{sum(bool(it.problems) for it in courses)} runs with problems; "
        f"{time.perf_counter() - began_s:.0f} s"
    )
    for course in courses:
        for problem in course.problems:
            print(f"PROBLEM in {course.mode.name}: {problem}")
    if any(course.problems for course in courses):
        raise SystemExit(1)


def _campaigns(folder: Path, server: Paid, *, kills: int, seed: int) -> Iterator[Course]:
    wholes = {mode.name: whole_run(folder / f"whole-{mode.name}", mode, server) for mode in MODES}
    chance, left, number = Random(seed), kills, 0
    while left > 0:
        mode = MODES[number % len(MODES)]
        place = folder / f"killed-{number}"
        course = campaign(
            place, mode, server, kills=min(left, 7), chance=chance, whole=wholes[mode.name]
        )
        left, number = left - course.kills, number + 1
        yield course


def whole_run(folder: Path, mode: Mode, server: Paid) -> Course:
    """Do a run that nobody kills and no cap ends."""
    course = a_course(folder, mode if mode.cap is None else MODES[0], server)
    finish(course)
    return course


if __name__ == "__main__":
    main()
