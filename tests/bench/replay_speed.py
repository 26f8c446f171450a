"""Measure a replay from cassettes: 500 scenarios, 5 models, 3 trials, no socket, twice.

The tapes hold what a noisy oracle would say, as if five models at a provider had said it. Each
replay is `plangate eval run --replay` in a process of its own in which every connection fails; the
bar is 10 s from start to reports, and both replays have to write the same bytes.
Run it with `python -m tests.bench.replay_speed`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from harness.bootstrap import answer_key
from harness.cassette.journal import Journal
from harness.cassette.shelf import Shelf
from harness.loader import ENVIRONMENT_SUFFIX, RESERVED_NAMES, load
from harness.matrix import jobs
from harness.models.noisy_oracle import NoisyOracle
from harness.prepared import PreparedScenario, prepare_all
from harness.replay import Contender, replay
from runtime.public import ChatRequest, Completion, Sampling, TokenUsage
from tests.worlds import ROOT

SCENARIOS = 500
TRIALS = 3
NOISE = ("0", "0.05", "0.1", "0.2", "0.4")
BAR_S = 10.0
OFFLINE = """
import socket
def refuse(*_, **__):
    raise OSError("a connection in a replay")
class Local(socket.socket):
    def __init__(self, family=-1, *rest, **options):
        if family != socket.AF_UNIX:  # the event loop's own wake-up pair is local
            refuse()
        super().__init__(family, *rest, **options)
    connect = connect_ex = bind = sendto = refuse
socket.socket = Local
socket.getaddrinfo = socket.create_connection = refuse
from runtime.entrypoints.cli.main import main
main()
"""


@dataclass
class Provider:
    """Say what a noisy oracle says, with the tokens and the price of a model at a provider."""

    name: str
    rate: str
    oracle: NoisyOracle
    native_tools: bool = True
    offline: bool = False
    _usage: Iterator[int] = field(default_factory=lambda: count(700))

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request."""
        try:
            answer = await self.oracle.answer(self.name, request, {"rate": self.rate})
        except TypeError:  # it can't invent an input that may have one of several types
            answer = await self.oracle.answer(self.name, request, {"rate": "0"})
        usage = TokenUsage(prompt=next(self._usage) % 900 + 700, completion=60)
        return replace(answer, usage=usage, cost_micros=usage.prompt // 7)

    async def close(self) -> None:
        """Hold nothing."""


def main() -> None:
    """Record, replay twice, compare, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=SCENARIOS)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        world = a_large_world(folder / "scenarios", given.scenarios)
        prepared = prepare_all(load([world], root=folder))
        models = [f"openai/bench-{number}" for number in range(len(NOISE))]
        asyncio.run(recorded(prepared, models, folder))
        trials = len(prepared) * len(models) * TRIALS
        print(f"{len(prepared)} scenarios x {len(models)} models x {TRIALS} trials = {trials}")
        runs = [replayed(folder, name, models, profile=given.profile) for name in ("one", "two")]
        differing = compared(*runs)
    print("both wrote the same bytes" if not differing else f"DIFFERENT: {', '.join(differing)}")
    if differing:
        raise SystemExit(1)


def a_large_world(folder: Path, wanted: int) -> Path:
    """Copy the shipped scenarios, under new ids again and again, until there are enough."""
    found = 0
    files = sorted((ROOT / "scenarios").glob("*/*.yaml"))
    rounds = count()
    while found < wanted:
        round_ = next(rounds)
        for file in files:
            declares = file.name.endswith(ENVIRONMENT_SUFFIX) or file.name in RESERVED_NAMES
            if found >= wanted or (declares and round_):
                continue
            text = file.read_text(encoding="utf-8")
            if not declares and not re.search(r"(?m)^scenarios:", text):
                continue  # rubrics and labels of judges
            if not declares:
                text, ids = re.subn(r"(?m)^( *- id: \S+)$", rf"\1-{round_}", text)
                found += ids
            target = folder / file.parent.name / f"{file.stem}.{round_}.yaml"
            target = target.with_name(file.name) if declares else target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return folder


async def recorded(prepared: tuple[PreparedScenario, ...], models: list[str], folder: Path) -> None:
    """Record every trial of every model, as `--record` does."""
    scenarios = {item.scenario.id: item for item in prepared}
    oracle = NoisyOracle(key=answer_key(prepared))
    ticks = count()
    with Journal.open(folder / "recording") as journal:
        contenders = {
            name: a_contender(journal, Provider(name, rate, oracle), ticks)
            for name, rate in zip(models, NOISE, strict=True)
        }
        for job in jobs(list(scenarios), models, trials=TRIALS, seed=0):
            record = await replay(scenarios[job.key.scenario], contenders[job.key.model], job)
            if record.fault:
                raise SystemExit(f"{job.key}: {record.fault}")
        Shelf(folder / "cassettes").merge(
            journal.calls(),
            environments={name: item.scenario.environment for name, item in scenarios.items()},
            native_tools=dict.fromkeys(models, True),
        )


def a_contender(journal: Journal, model: Provider, ticks: Iterator[int]) -> Contender:
    """Let a provider answer through a journal; every look at the clock takes some time."""
    return Contender(
        reference=model.name,
        label="",
        model=model,
        sampling=Sampling(),
        for_trial=lambda key: journal.for_trial(
            key, model, monotonic_s=lambda: next(ticks) * 0.173
        ),
    )


def replayed(folder: Path, name: str, models: list[str], *, profile: bool) -> Path:
    """Replay in a fresh process, print what it took, and return the run's folder."""
    home = folder / name
    home.mkdir()
    tool = ["-m", "cProfile", "-s", "tottime"] if profile else []
    script = home / "offline.py"
    script.write_text(OFFLINE, encoding="utf-8")
    command = [
        sys.executable, *tool, str(script), "eval", "run", "../scenarios", "--replay",
        "--cassettes", "../cassettes", "--trials", str(TRIALS), "--output", "run", "--no-track",
        *(part for model in models for part in ("--model", model)),
    ]  # fmt: skip
    before, began = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "CI": "1"},
    )  # fmt: skip
    wall_s, after = time.perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"the replay ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"replay {name}: {wall_s:.2f} s wall, {cpu_s:.2f} s CPU (bar: {BAR_S:g} s wall)")
    if profile:
        print(done.stdout[:9_000])
    return home / "run"


def compared(one: Path, two: Path) -> list[str]:
    """Return the names of the files that the two runs wrote differently."""
    names = sorted(path.name for path in one.iterdir() if path.is_file() and path.name[0] != ".")
    return [name for name in names if (one / name).read_bytes() != (two / name).read_bytes()]


if __name__ == "__main__":
    main()
