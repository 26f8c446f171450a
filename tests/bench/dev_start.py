"""Time `plangate dev` from its start to its first answer, cold and warm: `make bench-runtime`."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

WARM_STARTS: Final = 3
PLANGATE: Final = Path(sys.executable).parent / "plangate"


def main() -> None:
    """Start it in an empty folder, then again in the same one."""
    with tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder:
        Path(folder).chmod(0o755)  # the servers run as somebody else where we are root
        print(f"plangate dev, cold: {_started_s(folder):.1f} s")
        warm = min(_started_s(folder) for _ in range(WARM_STARTS))
        print(f"plangate dev, warm: {warm:.1f} s, the best of {WARM_STARTS} (goal under 6)")


def _started_s(folder: str) -> float:
    began_s = time.perf_counter()
    child = subprocess.Popen(
        [str(PLANGATE), "dev", "--folder", str(Path(folder) / "data"), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with child:
        said = []
        for line in child.stdout or ():
            said.append(line)
            if "is ready" in line:
                took_s = time.perf_counter() - began_s
                child.send_signal(signal.SIGINT)
                return took_s
    raise RuntimeError("plangate dev did not start:\n" + "".join(said))


if __name__ == "__main__":
    main()
