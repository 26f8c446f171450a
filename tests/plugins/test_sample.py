"""A third party's wheel: installed, started again, and its actions are there with nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.hostile_plugins import HOSTILE, install_healthy, install_hostile
from tests.plugin_site import PROGRAM, environ, plangate
from tests.wheels import ZOO, build_wheel, install

SERVING: Final = re.compile(r"Serving at (\S+) on port (\d+)")


@contextmanager
def served(site: Path, **variables: str) -> Iterator[str]:
    """Start `plangate serve`, and return its address once it serves."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
        env=environ(site, **variables),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    said: list[str] = []
    port = ""
    for line in process.stderr or ():
        said.append(line)
        if found := SERVING.search(line):
            port = found[2]
        if "startup complete" in line:
            return f"http://127.0.0.1:{port}"
    raise AssertionError(f"it does not serve: {''.join(said)}")


def read(url: str) -> Any:  # noqa: ANN401  # a document
    """Return a document."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # our own server
        return json.load(answer)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder into which the sample's wheel was installed."""
    return install(build_wheel(ZOO, tmp_path), tmp_path / "site")


def environments(url: str) -> set[str]:
    """Return the ids of the environments that are served."""
    return {item["id"] for item in read(f"{url}/v1/environments")["items"]}


def test_its_actions_appear_after_an_install_and_a_restart(tmp_path: Path, site: Path) -> None:
    """Before the install they are not there; nothing but the install lies between."""
    with served(tmp_path / "nothing") as url:
        before = environments(url)
    with served(site) as url:
        after = environments(url)
    shown = plangate(site, "eval", "describe", "zoo", "--json")

    assert after - before == {"zoo"}
    assert "counter" in before
    assert "enclosure.feed@1" in shown.stdout, shown.stderr


def test_a_server_with_hostile_plugins_serves_and_says_why(tmp_path: Path, site: Path) -> None:
    """Its readiness is up, its figures count them, and the others are there."""
    for name in ("bad_exit", "bad_import", "bad_segfault"):
        install_hostile(site, name)
    install_healthy(site, "otter")

    with served(site) as url:
        found = environments(url)
        ready = read(f"{url}/v1/readyz")
    listed = plangate(site, "plugin", "list", "--json")
    items = {item["name"]: item for item in json.loads(listed.stdout)["items"]}

    assert {"zoo", "otter", "counter"} <= found
    assert ready["status"] == "ready", ready
    assert listed.returncode == 1
    for name in ("bad_exit", "bad_import", "bad_segfault"):
        assert items[name]["standing"] == "quarantined"
        assert HOSTILE[name][1] in items[name]["reason"]
    assert items["zoo"]["capabilities"]["hosts"] == ["vet.example.org"]


def test_what_an_operator_does_not_name_is_not_served(site: Path) -> None:
    """A list of others is the whole list; a pin that was printed fits, until a file changes."""
    none = plangate(site, "plugin", "list", "--json", PLANGATE_PLUGINS="other")
    pin = plangate(site, "plugin", "list", "--pins").stdout.strip()
    pinned = plangate(site, "plugin", "list", "--json", PLANGATE_PLUGINS=pin)
    module = site / "plangate_zoo" / "plugin.py"
    module.write_text(module.read_text() + "\n")
    changed = plangate(site, "plugin", "list", "--json", PLANGATE_PLUGINS=pin)

    def standing(run: subprocess.CompletedProcess[str]) -> str:
        (zoo,) = (item for item in json.loads(run.stdout)["items"] if item["name"] == "zoo")
        return str(zoo["standing"])

    assert pin.startswith("plangate-zoo==1.2.0#sha256:")
    assert [standing(run) for run in (none, pinned, changed)] == [
        "not_admitted",
        "served",
        "not_admitted",
    ]


def test_a_platform_with_a_database_serves_only_what_is_named(site: Path) -> None:
    """Unset is built-in plugins only, once there is something to lose."""
    run = plangate(
        site,
        "plugin",
        "list",
        "--json",
        PLANGATE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        PLANGATE_REDIS_URL="redis://127.0.0.1:1/0",
    )
    items = {item["name"]: item for item in json.loads(run.stdout)["items"]}

    assert items["zoo"]["standing"] == "not_admitted"
    assert "it is not set, and this platform has a database" in items["zoo"]["reason"]
    assert items["counter"]["standing"] == "served"


def test_a_wheel_is_checked_before_it_is_installed(tmp_path: Path) -> None:
    """By its file, in a process of its own."""
    wheel = build_wheel(ZOO, tmp_path)

    run = plangate(tmp_path / "nothing", "plugin", "check", str(wheel))

    assert run.returncode == 0, run.stderr
    assert "zoo of plangate-zoo 1.2.0, for contract 1.0:1.2, is sound." in run.stdout


def test_its_scenarios_are_replayed_where_they_were_installed(site: Path) -> None:
    """The folder that is printed is what `plangate eval` takes; the oracle's answer is right."""
    folder = plangate(site, "plugin", "scenarios", "zoo").stdout.strip()
    checked = plangate(site, "eval", "validate", folder)
    missing = plangate(site, "plugin", "scenarios", "nothing")

    assert folder == str(site / "plangate_zoo" / "scenarios")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert missing.returncode == 5


def test_its_scorer_judges_with_ours(tmp_path: Path, site: Path) -> None:
    """Each trial has its answer, and the run says who scored it."""
    folder = plangate(site, "plugin", "scenarios", "zoo").stdout.strip()
    kept = tmp_path / "run"
    oracle = ("--model", "plangate/oracle", "--no-track")
    run = plangate(site, "eval", "run", folder, *oracle, "--output", str(kept))
    (results,) = kept.glob("results.jsonl")
    (manifest,) = kept.glob("manifest.json")
    scores = [json.loads(line)["scores"] for line in results.read_text().splitlines()]

    assert run.returncode == 0, run.stdout + run.stderr
    assert all(score["zoo.gentle"]["passed"] for score in scores)
    assert "plan_match" in scores[0]
    assert "+zoo.gentle=plangate-zoo@1.2.0" in manifest.read_text()


def test_a_scorer_that_can_not_be_imported_ends_a_run_before_it_begins(site: Path) -> None:
    """With its name and what to look at."""
    folder = plangate(site, "plugin", "scenarios", "zoo").stdout.strip()
    (site / "plangate_zoo" / "scorers.py").write_text("1 / 0")

    run = plangate(site, "eval", "run", folder, "--model", "plangate/oracle", "--no-track")

    assert run.returncode == 5
    assert "scorer 'zoo.gentle'" in run.stderr
    assert "ZeroDivisionError" in run.stderr


def test_changes_are_shown_to_whoever_keeps_what_was_declared(tmp_path: Path, site: Path) -> None:
    """The first time everything is new, then nothing is, then what was changed."""
    kept = str(tmp_path / "seen.json")
    first = plangate(site, "plugin", "list", "--changes", kept)
    same = plangate(site, "plugin", "list", "--changes", kept)
    module = site / "plangate_zoo" / "plugin.py"
    module.write_text(module.read_text().replace("Feeds the animals", "Feeds all animals"))
    other = plangate(site, "plugin", "list", "--changes", kept)

    assert (first.returncode, same.returncode, other.returncode) == (1, 0, 1)
    assert "zoo: add /" in first.stdout
    assert same.stdout == ""
    assert other.stdout == "zoo: replace /actions/0/description\n"
