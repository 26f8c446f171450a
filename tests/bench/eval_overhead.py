"""Measure what the harness adds to the model calls of a run, as ratios in one session.

Replays 1,000 scenarios against a local OpenAI-compatible server with 50 ms latency, 32 in flight:
a bare loop of `litellm.acompletion` and of aiohttp over the very same requests, then the harness
over both transports, taking turns. Each runs in a process of its own; the server in another.
Run it with `make bench-eval`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import orjson

from harness.bootstrap import SamplingWishes, open_contenders
from harness.calls import Calls, CallSource
from harness.cassette.shelf import Shelf
from harness.evaluation import evaluate
from harness.loader import load
from harness.opening import RunRequest
from harness.prepared import PreparedScenario, prepare_all
from harness.reporting.terminal import silent_progress
from runtime.agent.prompt import messages
from runtime.public import SystemClock
from runtime.settings import quiet_environment

SCENARIOS = 1_000
IN_FLIGHT = 32
LATENCY_MS = 50
MODEL = "openai/echo"
ROLES = ("bare-litellm", "harness-litellm", "bare-aiohttp", "harness-http")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Hold what one process used between its first request and its last record."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> None:
    """Measure everything, or one role when called as a child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scenarios", type=int, default=SCENARIOS)
    parser.add_argument("--role", choices=ROLES)
    parser.add_argument("--base", default="")
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.role:
        figures = measured(given.role, base=given.base, file=given.file)
        sys.stdout.buffer.write(orjson.dumps(asdict(figures)))
        return
    compare(rounds=given.rounds, scenarios=given.scenarios)


def compare(*, rounds: int, scenarios: int) -> None:
    """Run every role in turn and print medians, ratios and the bars that they are held to."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.yaml"
        file.write_bytes(scenario_file(scenarios))
        server = subprocess.Popen(
            [
                sys.executable, "-m", "tests.servers.openai_stub",
                "--port", "0", "--latency-ms", str(LATENCY_MS),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            base = next(line for line in server.stdout if "http" in line).strip().split()[-1]
            found: dict[str, list[Figures]] = {role: [] for role in ROLES}
            for _ in range(rounds):
                for role in ROLES:
                    found[role].append(_child(role, base=base, file=file))
        finally:
            server.terminate()
            server.wait()
    report(found, scenarios=scenarios)


def report(found: dict[str, list[Figures]], *, scenarios: int) -> None:
    """Print the medians and the ratios, pair by pair."""
    print(f"{scenarios} scenarios, {IN_FLIGHT} in flight, {LATENCY_MS} ms; medians")
    print(f"{'':18}{'CPU ms/scenario':>16}{'wall s':>9}{'peak MB':>9}")
    for role, runs in found.items():
        cpu = median(run.cpu_s for run in runs) * 1000 / scenarios
        wall = median(run.wall_s for run in runs)
        peak = median(run.peak_mb for run in runs)
        print(f"{role:18}{cpu:16.2f}{wall:9.2f}{peak:9.0f}")
    for ours, bare, cpu_bar, wall_bar in (
        ("harness-litellm", "bare-litellm", 1.15, 1.05),
        ("harness-http", "bare-aiohttp", 2.0, None),
    ):
        pairs = list(zip(found[ours], found[bare], strict=True))
        cpu = median(a.cpu_s / b.cpu_s for a, b in pairs)
        wall = median(a.wall_s / b.wall_s for a, b in pairs)
        bars = f"CPU <= {cpu_bar}" + (f", wall <= {wall_bar}" if wall_bar else "")
        print(f"{ours} / {bare}: CPU {cpu:.2f} x, wall {wall:.2f} x (aim: {bars})")


def measured(role: str, *, base: str, file: Path) -> Figures:
    """Do one role's work and return what it used."""
    quiet_environment()
    prepared = prepare_all(load([file], root=file.parent))
    if role.startswith("harness"):
        return _harness(role, prepared, base=base, folder=file.parent)
    work = {"bare-litellm": _litellm_loop, "bare-aiohttp": _aiohttp_loop}[role]
    return asyncio.run(work([request_of(item) for item in prepared], base))


def request_of(prepared: PreparedScenario) -> dict[str, object]:
    """Return the body that the harness would send for a scenario."""
    situation = prepared.situation
    return {
        "model": "echo",
        "messages": list(
            messages(
                prepared.sandbox.briefing(situation.principal),
                prepared.conversation,
                state=situation.state,
                facts=situation.facts,
                native_tools=True,
            )
        ),
        "tools": list(prepared.sandbox.book.tools.definitions),
        "temperature": 0.0,
        "max_tokens": 1024,
        "seed": 1,
    }


def scenario_file(count: int) -> bytes:
    """Return scenarios whose message holds the calls that the server is to echo."""

    def scenario(number: int) -> dict[str, object]:
        inputs = {"text": f"Summarize report {number}."}
        calls = [{"name": "prompt_edit", "arguments": inputs}]
        return {
            "id": f"bench-{number}",
            "reason": "Generated: measures the harness, not a model.",
            "when": {"message": orjson.dumps(calls).decode()},
            "expect": {"plan": {"steps": [{"action": "prompt.edit", "inputs": inputs}]}},
        }

    document = {
        "environment": "workbench",
        "scenarios": [scenario(number) for number in range(count)],
    }
    return orjson.dumps(document)


def _harness(
    role: str, prepared: tuple[PreparedScenario, ...], *, base: str, folder: Path
) -> Figures:
    transport = "http" if role == "harness-http" else "litellm"
    reference = f"{MODEL}?transport={transport}&api_base={base}&tools=native"
    wishes = SamplingWishes()
    warm = open_contenders([reference], prepared, environ={}, wishes=wishes)
    request = RunRequest(
        run="warm-up", folder=folder / f"{os.getpid()}-warm", paths=(), tags=(),
        suite_digest="", trials=1, seed=1, concurrency=1, created="",
    )  # fmt: skip
    quiet = silent_progress()
    evaluate(request, prepared[:2], warm, gate=None, progress=quiet, clock=SystemClock())
    contenders = open_contenders([reference], prepared, environ={}, wishes=wishes)
    request = RunRequest(
        run="bench", folder=folder / f"{os.getpid()}-run", paths=(), tags=(),
        suite_digest="", trials=1, seed=1, concurrency=IN_FLIGHT, created="",
    )  # fmt: skip
    meter = _Meter()
    finished = evaluate(
        request,
        prepared,
        contenders,
        gate=None,
        progress=quiet,
        clock=SystemClock(),
        calls=Calls(source=CallSource.LIVE, shelf=Shelf(folder)),
    )
    figures = meter.read()
    overall = finished.models[0].overall
    if overall.passed != len(prepared):
        raise SystemExit(f"{role}: {overall.passed} of {len(prepared)} passed; the bench is broken")
    return figures


async def _litellm_loop(requests: list[dict[str, object]], base: str) -> Figures:
    import litellm

    litellm.suppress_debug_info = True

    async def call(request: dict[str, object]) -> None:
        answer = await litellm.acompletion(
            **{**request, "model": MODEL}, api_base=base, api_key="none", num_retries=0
        )
        assert answer.choices[0].message.tool_calls

    return await _loop(requests, call)


async def _aiohttp_loop(requests: list[dict[str, object]], base: str) -> Figures:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def call(request: dict[str, object]) -> None:
            async with session.post(f"{base}/chat/completions", json=request) as response:
                answer = await response.json()
                assert answer["choices"][0]["message"]["tool_calls"]

        return await _loop(requests, call)


async def _loop(
    requests: list[dict[str, object]], call: Callable[[dict[str, object]], Awaitable[None]]
) -> Figures:
    await call(requests[0])
    waiting = iter(requests)

    async def work() -> None:
        for request in waiting:
            await call(request)

    meter = _Meter()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(work())
    return meter.read()


class _Meter:
    """Read the processor time and the clock between two points of this process."""

    def __init__(self) -> None:
        self.cpu_s = self._cpu_s()
        self.wall_s = time.perf_counter()

    def read(self) -> Figures:
        return Figures(
            cpu_s=self._cpu_s() - self.cpu_s,
            wall_s=time.perf_counter() - self.wall_s,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )

    @staticmethod
    def _cpu_s() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime


def _child(role: str, *, base: str, file: Path) -> Figures:
    command = [
        sys.executable, "-m", "tests.bench.eval_overhead",
        "--role", role, "--base", base, "--file", str(file),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return Figures(**orjson.loads(done.stdout))


if __name__ == "__main__":
    main()
