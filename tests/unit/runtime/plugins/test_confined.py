"""A confined process has no secrets, little memory, and hears of what it may not do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.plugins.confined import Deeds, bare_environment

PREPARED = (
    "import os, sys, socket, subprocess\n"
    "from runtime.plugins.confined import ConfinedError, Deeds, cap, silence, watch\n"
    "deeds = Deeds()\n"
)


def confined(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", PREPARED + code], capture_output=True, text=True, check=False
    )


def test_an_environment_keeps_what_is_harmless() -> None:
    """Everything else may be a secret."""
    found = bare_environment({"PATH": "/bin", "PLANGATE_DATABASE_URL": "x", "AWS_SECRET": "y"})

    assert found["PATH"] == "/bin"
    assert set(found) == {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE"}


@pytest.mark.parametrize(
    ("code", "deed"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "reached for the network"),
        ("socket.socket(type=2).sendto(b'x', ('127.0.0.1', 9))", "reached for the network"),
        ("socket.getaddrinfo('localhost', 1)", "reached for the network"),
        ("socket.socket().bind(('127.0.0.1', 0))", "reached for the network"),
        ("subprocess.run(['true'])", "started a process"),
        ("os.system('true')", "started a process"),
        ("os.fork()", "started a process"),
        ("os.execv('/bin/true', ['true'])", "started a process"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "started a process"),
        ("os.kill(os.getppid(), 0)", "signalled a process"),
        ("os.killpg(os.getpgrp(), 0)", "signalled a process"),
        ("open('/proc/self/environ').read()", "looked into what processes hold"),
        ("open('/tmp/plangate-never', 'w')", "wrote a file"),
        ("open('/tmp/plangate-never', 'ab')", "wrote a file"),
        ("os.open('/tmp/plangate-never', os.O_CREAT | os.O_WRONLY)", "wrote a file"),
    ],
)  # fmt: skip
def test_a_deed_is_refused_and_noted(code: str, deed: str) -> None:
    """No `except Exception` holds the refusal back; one of everything does, and it is noted."""
    run = confined(
        f"watch(deeds)\ntry:\n    {code}\nexcept Exception:\n    print('held back')\n"
        "except ConfinedError as error:\n    print(error, deeds.noted[0], sep='|')\n"
    )

    assert run.stdout == f"{deed}|{deed}\n", run.stderr


def test_a_look_for_a_variable_of_ours_is_noted() -> None:
    """By name, by `get` and by asking for all of them; others are free to be read."""
    run = confined(
        "os.environ['PLANGATE_X'] = '1'\nwatch(deeds)\n"
        "os.environ.get('PATH')\nprint(deeds.noted)\n"
        "os.environ.get('PLANGATE_TOKEN_KEYS')\nprint(os.environ['PLANGATE_X'], deeds.noted)\n"
    )

    assert run.stdout.splitlines() == [
        "[]",
        "1 ['looked for the variable PLANGATE_TOKEN_KEYS', 'looked for the variable PLANGATE_X']",
    ]


@pytest.mark.parametrize(
    "code",
    ["open(__import__('json').__file__).read()", "open(os.devnull, 'w')", "import decimal, csv"],
)
def test_what_an_import_needs_is_free(code: str) -> None:
    """Reading modules and data beside them is what a plugin does."""
    run = confined(f"watch(deeds)\n{code}\nprint(deeds.noted)\n")

    assert run.stdout == "[]\n", run.stderr


def test_memory_beyond_the_cap_is_not_given() -> None:
    """What is within it is."""
    run = confined(
        "cap(memory_bytes=100 * 2**20, cpu_s=None)\nkept = bytearray(50 * 2**20)\nprint('fits')\n"
        "try:\n    bytearray(200 * 2**20)\nexcept MemoryError:\n    print('too much')\n"
    )

    assert run.stdout == "fits\ntoo much\n", run.stderr


def test_no_file_grows() -> None:
    """Also not around Python's own functions."""
    run = confined(
        "import signal, tempfile\nwhere = tempfile.TemporaryFile()\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ncap(memory_bytes=2**30, cpu_s=5)\n"
        "try:\n    os.write(where.fileno(), b'x')\n"
        "except OSError as error:\n    print(error.errno)\n"
    )

    assert run.stdout == "27\n", run.stderr


def test_what_is_printed_reaches_nobody() -> None:
    """Nor is anything there to be read."""
    run = confined("silence()\nprint('x')\nsys.stderr.write('y')\nassert sys.stdin.read() == ''\n")

    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


def test_deeds_are_bounded() -> None:
    """A plugin in a loop fills no memory with what it did."""
    deeds = Deeds()
    for _ in range(1_000):
        deeds.note("wrote a file")

    assert len(deeds.noted) == 10
