"""Plugins are imported by another process; whatever they do there, a report comes in time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runtime.plugins.probe import probe
from runtime.plugins.probe_child import Bounds
from tests.hostile_plugins import healthy
from tests.wheels import install_module

PATIENT = Bounds(wall_s=8.0, cpu_s=8)


def test_nothing_is_asked_for_nothing() -> None:
    """Where no plugin is installed no process starts."""
    assert probe([], environ={}) == {}


def test_an_environment_has_no_secret(installed: Path) -> None:
    """Variables of the platform are not there, so nothing can be grabbed."""
    code = (
        "import os\nif any('CANARY' in value for value in dict(os.environ).values()):\n"
        "    raise RuntimeError('found it')\n"
    )
    install_module(installed, "otter", code + healthy("otter"))

    found = probe(
        [("otter", "otter_plugin:PLUGIN")],
        environ={"SOME_KEY": "CANARY", "PLANGATE_TOKEN_KEYS": "CANARY"},
        bounds=PATIENT,
    )

    assert found["otter"].reason is None


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print('x' * 500_000)", id="printing"),
        pytest.param("import os\nos.write(1, b'{\"name\": 1}\\n')", id="writing to its output"),
        pytest.param("import sys\nsys.stdin.read()", id="reading its input"),
        pytest.param("import atexit, os\natexit.register(os._exit, 1)", id="at its exit"),
        pytest.param(
            "import threading\nthreading.Thread(target=threading.Event().wait).start()", id="thread"
        ),
    ],
)
def test_noise_is_no_harm(installed: Path, code: str) -> None:
    """What a plugin prints reaches nobody, and does not stand in for a report."""
    install_module(installed, "otter", f"{code}\n{healthy('otter')}")

    found = probe([("otter", "otter_plugin:PLUGIN")], environ={}, bounds=PATIENT)

    assert found["otter"].reason is None


@pytest.mark.parametrize("said", ["{]", '{"reason": null, "ids": 5}', '{"reason": null, "x": 1}'])
def test_garbage_in_the_place_of_a_report_is_a_reason(installed: Path, said: str) -> None:
    """Who writes into every pipe and goes tells nothing that is believed, and nothing of others."""
    code = (
        f"import os\nfor fd in range(3, 40):\n    try: os.write(fd, {said.encode()!r})\n"
        "    except OSError: pass\nos._exit(0)"
    )
    install_module(installed, "otter", code)
    install_module(installed, "lion", healthy("lion"))

    found = probe(
        [("otter", "otter_plugin:PLUGIN"), ("lion", "lion_plugin:PLUGIN")],
        environ={},
        bounds=PATIENT,
    )

    assert found["otter"].reason == "it ended its process with exit code 0"
    assert found["lion"].reason is None


def test_a_plugin_has_no_file_of_others(installed: Path) -> None:
    """It can't read what another says, nor what is asked of the process that it is a part of."""
    code = (
        "import os\nfor fd in range(4, 64):\n    try: os.fstat(fd)\n"
        "    except OSError: continue\n    raise RuntimeError(f'{fd} is open')\n"
    )
    install_module(installed, "otter", code + healthy("otter"))
    install_module(installed, "lion", healthy("lion"))

    found = probe(
        [("lion", "lion_plugin:PLUGIN"), ("otter", "otter_plugin:PLUGIN")],
        environ={},
        bounds=PATIENT,
    )

    assert found["otter"].reason is None


def test_a_forged_report_does_not_fit_what_is_imported(installed: Path) -> None:
    """It is of this form, and has the digest of nothing."""
    code = "import os\nos.write(3, b'{\"reason\": null}')\nos._exit(0)"
    install_module(installed, "otter", code)

    found = probe([("otter", "otter_plugin:PLUGIN")], environ={}, bounds=PATIENT)

    assert found["otter"].digest == ""


def test_what_hangs_is_ended_with_all_its_children(installed: Path, tmp_path: Path) -> None:
    """A process that was started around Python is gone as well."""
    pid_file = tmp_path / "pid"
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "if libc.fork() == 0:\n"
        "    libc.sleep(600)\n"
        "libc.sleep(600)\n"
    )
    install_module(installed, "otter", code)
    began_s = time.monotonic()

    found = probe([("otter", "otter_plugin:PLUGIN")], environ={}, bounds=Bounds(wall_s=1.0))

    assert found["otter"].reason == "its import did not end within 1 s"
    assert time.monotonic() - began_s < 8
    assert not pid_file.exists()
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    ours = [line for line in listed.stdout.splitlines() if "probe_child" in line]
    mine = [line for line in ours if str(os.getpid()) in line]
    assert mine == []


def test_time_of_the_processor_is_bounded_by_the_kernel(installed: Path) -> None:
    """Also where Python runs no code that could look at a clock."""
    install_module(installed, "otter", "sum(range(10**13))")

    found = probe(
        [("otter", "otter_plugin:PLUGIN")], environ={}, bounds=Bounds(wall_s=30.0, cpu_s=1)
    )

    reason = str(found["otter"].reason)
    assert "processor's time" in reason or signal.SIGKILL.name in reason


def test_whoever_says_nothing_at_all_has_a_reason_too(tmp_path: Path) -> None:
    """Where the process can't even start, nothing is served."""
    found = probe([("otter", "a:b")], environ={}, path=[str(tmp_path)], bounds=PATIENT)

    assert found["otter"].reason == "nothing was heard of its probe"
