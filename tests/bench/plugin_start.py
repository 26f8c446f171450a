"""Measure how long a process takes to examine 50 plugins of which 10 are hostile.

Run as `python -m tests.bench.plugin_start`. A start is what a server does before it serves: read
the metadata, probe, import what is sound, compile every environment. The goal is 5 s.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import orjson

from tests.hostile_plugins import HOSTILE, install_healthy, install_hostile

HOSTILE_ONES: Final = (
    "bad_egress",
    "bad_exit",
    "bad_hang",
    "bad_import",
    "bad_loop",
    "bad_memory",
    "bad_object",
    "bad_secrets",
    "bad_segfault",
    "bad_slow",
)
HEALTHY: Final = 40
GOAL_S: Final = 5.0
TIMES: Final = 3
PROGRAM: Final = """
import sys, time, orjson
sys.path.insert(0, sys.argv[1])
from runtime.bootstrap.environments import installed_environments
from runtime.plugins.loader import plugin_reports
began = time.perf_counter()
environments = installed_environments()
took = time.perf_counter() - began
reports = {r.offer.name: [r.standing.value, r.reason] for r in plugin_reports()}
print(orjson.dumps([took, sorted(environments), reports]).decode())
"""


def main() -> int:
    """Measure, print, and return 1 where the goal is missed."""
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        for name in HOSTILE_ONES:
            install_hostile(site, name)
        for number in range(HEALTHY):
            install_healthy(site, f"healthy{number}")
        for number in range(TIMES):
            began_s = time.perf_counter()
            run = subprocess.run(
                [sys.executable, "-c", PROGRAM, folder], capture_output=True, check=True
            )
            whole_s = time.perf_counter() - began_s
            took_s, environments, reports = orjson.loads(run.stdout)
            served = sum(f"healthy{n}" in environments for n in range(HEALTHY))
            right = [n for n in HOSTILE_ONES if _right(reports[n], HOSTILE[n][1])]
            print(
                f"{number + 1}. {HEALTHY + len(HOSTILE_ONES)} plugins: {took_s:.2f} s "
                f"(process {whole_s:.2f} s), {served} of {HEALTHY} served, "
                f"{len(right)} of {len(HOSTILE_ONES)} quarantined with their reason"
            )
            fine = fine and took_s <= GOAL_S and served == HEALTHY and len(right) == 10
    return 0 if fine else 1


def _right(report: list[str], reason: str) -> bool:
    """Say whether one is quarantined for what it does, or for taking too long to do it."""
    standing, told = report
    return standing == "quarantined" and (reason in told or "did not end within" in told)


if __name__ == "__main__":
    sys.exit(main())
