"""What a service holds for as long as it lives is set aside from the garbage collector."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from runtime.bootstrap.collector import YOUNG, settle_collector
settle_collector()
print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] == YOUNG, gc.isenabled())
"""


def test_the_collector_goes_on_but_leaves_the_start_alone() -> None:
    """In a process of its own: what is frozen stays so."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout.split() == ["True", "True", "True"]
