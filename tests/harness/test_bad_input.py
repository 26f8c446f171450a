"""Give a run what is damaged, too new or expired: it says what to do and loses nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Final

import orjson
import pytest

from harness.results import MANIFEST, RESULTS, read_records
from harness.settings import child_environment
from runtime.public import JsonObject
from tests.harness.command import PLANGATE, Ran, eval_run, plangate
from tests.harness.provider import Provider, provider
from tests.worlds import SMALL_WORLD, a_world

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

NO_SOCKETS: Final = """\
import socket
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"}:
        print("SOCKET", event, file=sys.stderr)
        raise OSError(f"{event} in a replay")

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """Serve for the whole module."""
    with provider() as stub:
        yield stub


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, server: Provider) -> Path:
    """Record the small world once and return the folder around it."""
    folder = tmp_path_factory.mktemp("recording")
    done = eval_run(a_world(folder), "--model", echo(server), "--record", folder=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def blessing(tmp_path_factory: pytest.TempPathFactory, server: Provider) -> Path:
    """Bless a run of the small world once and return the folder around it."""
    folder = tmp_path_factory.mktemp("blessing")
    a_world(folder)
    eval_run("world", "--model", echo(server), "--trials", "3", folder=folder)
    done = plangate("eval", "baseline", "run", "--baselines", "blessed", folder=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def model(server: Provider) -> str:
    """Name a model that repeats the calls in the message; nothing was asked of it yet."""
    server.served.clear()
    return echo(server)


@pytest.fixture
def recorded(tmp_path: Path, recording: Path) -> Path:
    """Return a cassette of the small world."""
    copytree(recording / "world", tmp_path / "world")
    (cassette,) = (tmp_path / "world" / "cassettes").rglob("*.jsonl")
    return cassette


@pytest.fixture
def ran_before(tmp_path: Path, blessing: Path) -> Path:
    """Return the folder of a run of the small world, three trials each."""
    copytree(blessing, tmp_path, dirs_exist_ok=True)
    return tmp_path / "run"


@pytest.fixture
def blessed(tmp_path: Path, ran_before: Path) -> Path:
    """Return a baseline of the small world."""
    ran_before.rename(tmp_path / "before")
    (path,) = (tmp_path / "blessed").iterdir()
    return path


def echo(server: Provider) -> str:
    """Name the model that repeats the calls in the message."""
    return f"openai/echo?transport=http&api_base={server.base}"


def changed(path: Path, at: int, change: Callable[[JsonObject], JsonObject] | bytes) -> bytes:
    """Change one line of a file of JSON lines, and return the file."""
    lines = path.read_bytes().splitlines()
    lines[at] = (
        change if isinstance(change, bytes) else orjson.dumps(change(orjson.loads(lines[at])))
    )
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path.read_bytes()


def replayed(folder: Path, model: str, *arguments: str) -> Ran:
    """Replay the small world where no socket may be opened."""
    (folder / "sitecustomize.py").write_text(NO_SOCKETS, encoding="utf-8")
    command = ["eval", "run", "world", "--model", model, "--replay", "--no-track", *arguments]
    done = subprocess.run(
        [PLANGATE, *command, "--output", "replay"],
        cwd=folder,
        env=child_environment(first_on_path=(folder,)) | {"CI": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.parametrize(
    ("at", "damage", "message"),
    [
        pytest.param(1, b"{broken", ":2: no JSON", id="a line that is no JSON"),
        pytest.param(2, b"", ":3: no JSON", id="an empty line"),
        pytest.param(
            1,
            lambda it: {**it, "position": 7},
            "trial 0, expected 0; restore the file, or delete it and record anew",
            id="a call out of place",
        ),
        pytest.param(
            0, lambda it: {**it, "cassette": 99}, "version 99; this program reads 1", id="newer"
        ),
        pytest.param(
            1, lambda it: {**it, "version": 99}, ":2: a call of version 99", id="a newer call"
        ),
    ],
)
def test_a_cassette_that_can_not_be_read_is_told_with_its_line(
    tmp_path: Path,
    recorded: Path,
    model: str,
    at: int,
    damage: Callable[[JsonObject], JsonObject] | bytes,
    message: str,
) -> None:
    """Nothing is replayed from the rest of it, and it stays as it is."""
    before = changed(recorded, at, damage)

    ran = replayed(tmp_path, model)

    assert ran.code == 5, ran.err
    assert message in ran.err
    assert recorded.name in ran.err
    assert recorded.read_bytes() == before
    assert not (tmp_path / "replay").exists()


@pytest.mark.usefixtures("recorded")
def test_what_was_not_recorded_is_told_with_the_command_that_records_it(
    tmp_path: Path, model: str
) -> None:
    """The trials that are there are replayed; no socket is opened, not even for the miss."""
    whole = replayed(tmp_path, model)
    (tmp_path / "replay").rename(tmp_path / "first")

    ran = replayed(tmp_path, model, "--trials", "2", "--gate")

    assert (whole.code, ran.code) == (0, 4), ran.err
    assert "SOCKET" not in whole.err + ran.err
    assert "2 trials are not in the cassettes, so there is no verdict; record them with" in ran.out
    command = f"plangate eval run world --model '{model}' --trials 2 --record-missing"
    assert command in ran.out
    statuses = [record.status.value for record in read_records(tmp_path / "replay")]
    assert sorted(statuses) == ["infrastructure", "infrastructure", "scored", "scored"]


def test_the_command_that_a_miss_names_records_it(
    tmp_path: Path, recorded: Path, model: str, server: Provider
) -> None:
    """And asks for what is missing only."""
    asked = server.served["echo"]
    told = replayed(tmp_path, model, "--trials", "2").out
    *_, command = re.findall(r"plangate (eval run world .*)", told)
    arguments = [part.strip("'") for part in command.split()]

    done = plangate(*arguments, "--output", "again", "--no-track", folder=tmp_path)

    assert done.code == 0, done.err
    assert server.served["echo"] == asked + 2
    assert recorded.read_bytes().count(b"\n") == 1 + 4


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"{broken", id="no JSON"),
        pytest.param(b"\x00" * 40, id="zeros of a crashed disk"),
        pytest.param(b'{"version": 99}', id="a newer trial"),
    ],
)
def test_a_damaged_trial_in_the_middle_stops_a_resumed_run(
    tmp_path: Path, ran_before: Path, server: Provider, line: bytes
) -> None:
    """A person decides; nothing is asked and no line is lost."""
    asked = server.served["echo"]
    before = changed(ran_before / RESULTS, 1, line)

    ran = eval_run("--resume", "run", folder=tmp_path)

    assert ran.code == 4
    assert "run/results.jsonl:2: no trial record" in ran.err
    assert "restore the file or start a new run" in ran.err
    assert (ran_before / RESULTS).read_bytes() == before
    assert server.served["echo"] == asked


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(b'{"version": 99}', "version 99; this program reads", id="newer"),
        pytest.param(b'{"version": 2, "run"', "manifest.json is damaged", id="cut off"),
    ],
)
def test_a_run_of_another_program_is_not_resumed(
    tmp_path: Path, ran_before: Path, server: Provider, damage: bytes, message: str
) -> None:
    """Nothing in its folder changes."""
    asked = server.served["echo"]
    (ran_before / MANIFEST).write_bytes(damage)
    before = contents(ran_before)

    ran = eval_run("--resume", "run", folder=tmp_path)

    assert ran.code == 5
    assert message in ran.err
    assert contents(ran_before) == before
    assert server.served["echo"] == asked


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda _: b"{broken", "is damaged", id="no JSON"),
        pytest.param(lambda it: it[:90], "is damaged", id="cut off"),
        pytest.param(
            lambda it: re.sub(rb'"version": \d+', b'"version": 1', it).replace(b'"paths"', b'"p"'),
            "has version 1, this program reads 2; bless a new one",
            id="older",
        ),
        pytest.param(
            lambda it: re.sub(rb'"trials": 3', b'"trials": 0', it), "is damaged", id="no trials"
        ),
    ],
)
def test_a_baseline_that_can_not_be_read_is_told_before_anything_is_asked(
    tmp_path: Path,
    blessed: Path,
    model: str,
    server: Provider,
    damage: Callable[[bytes], bytes],
    message: str,
) -> None:
    """With exit code 5; a gate without its baseline would pass what got worse."""
    blessed.write_bytes(damage(blessed.read_bytes()))
    before, asked = blessed.read_bytes(), server.served["echo"]

    ran = eval_run("world", "--model", model, "--gate", "--baselines", "blessed", folder=tmp_path)

    assert ran.code == 5, ran.err
    assert message in ran.err
    assert blessed.name in ran.err
    assert (blessed.read_bytes(), server.served["echo"]) == (before, asked)


@pytest.mark.usefixtures("blessed")
def test_a_scenario_that_disappeared_is_a_regression(tmp_path: Path, model: str) -> None:
    """Deleting what fails is no way to pass."""
    a_world(tmp_path, SMALL_WORLD.partition("  - id: counter-set-then-move")[0])

    ran = eval_run(
        "world", "--model", model, "--trials", "3", "--gate", "--baselines", "blessed",
        folder=tmp_path,
    )  # fmt: skip

    assert (ran.code, ran.json["gate"]["verdict"]) == (1, "regression"), ran.err
    failing = [it["detail"] for it in ran.json["gate"]["checks"] if it["verdict"] == "regression"]
    assert any("counter-set-then-move" in detail for detail in failing), failing


QUARANTINE: Final = """\
quarantine:
  - scenario: counter-set-then-move
    owner: ann
    reason: The provider rounds differently on Mondays.
    until: "2026-01-01"
"""


@pytest.mark.parametrize(
    ("arguments", "file", "message"),
    [
        pytest.param(
            ["--gate"],
            QUARANTINE,
            "the quarantine of counter-set-then-move (ann, until 2026-01-01) is over",
            id="quarantine expired",
        ),
        pytest.param(
            ["--gate"],
            QUARANTINE.replace("set-then-move", "gone"),
            "quarantine.yaml:2: there is no scenario 'counter-gone'",
            id="quarantine of nothing",
        ),
        pytest.param(
            ["--max-cost", "1"], "", "no price is known, so --max-cost can't be kept", id="no price"
        ),
        pytest.param(
            ["--max-cost", "1", "--price", "openai/echo=cheap"], "", "can't be read", id="no number"
        ),
    ],
)
def test_what_a_gate_or_a_budget_can_not_keep_is_told_before_anything_is_asked(
    tmp_path: Path, model: str, server: Provider, arguments: list[str], file: str, message: str
) -> None:
    """With exit code 5."""
    world = a_world(tmp_path)
    if file:
        (world / "quarantine.yaml").write_text(file, encoding="utf-8")

    ran = eval_run(world, "--model", model, *arguments, folder=tmp_path)

    assert ran.code == 5, ran.err
    assert message in ran.err
    assert not server.served["echo"]
