"""Prove that a run on disk survives a kill, a second writer and damage, and says so by line."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from harness.results import (
    MANIFEST,
    RESULTS,
    Manifest,
    ResultsWriter,
    RunError,
    make_folder,
    read_manifest,
    read_records,
    write_json,
)
from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject, JsonValue
from tests.unit.harness.reporting.builders import a_manifest
from tests.worlds import a_lost_record, a_record


def written(folder: Path, *records: TrialRecord) -> Path:
    """Write records and return the file."""
    with ResultsWriter(folder) as writer:
        for record in records:
            writer.write(record)
    return folder / RESULTS


def ids(folder: Path) -> list[str]:
    """Return the scenarios of the records on disk."""
    return [record.key.scenario for record in read_records(folder)]


def test_records_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    """A kill right after a trial loses nothing of it."""
    with ResultsWriter(tmp_path) as writer:
        writer.write(a_record("a"))

        assert ids(tmp_path) == ["a"]


def test_a_run_without_results_has_no_records(tmp_path: Path) -> None:
    """A run that was killed at once can be read."""
    assert ids(tmp_path) == []


@pytest.mark.parametrize("kept", [1, 40, -1], ids=["one byte", "some", "all but the newline"])
def test_a_line_that_a_kill_cut_off_is_dropped(tmp_path: Path, kept: int) -> None:
    """Resuming goes on behind the last whole line."""
    path = written(tmp_path, a_record("a"), a_record("b"))
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + (second + b"\n")[:kept])

    assert ids(tmp_path) == ["a"]
    written(tmp_path, a_record("c"))
    assert ids(tmp_path) == ["a", "c"]


def test_lost_trials_go_when_a_run_is_resumed(tmp_path: Path) -> None:
    """They are done anew; scored ones stay byte for byte."""
    internal = a_lost_record("c", status=TrialStatus.INTERNAL)
    path = written(tmp_path, a_record("a"), a_lost_record("b"), internal, a_record("d"))
    lines = path.read_bytes().splitlines(keepends=True)

    written(tmp_path)

    assert ids(tmp_path) == ["a", "d"]
    assert path.read_bytes() == lines[0] + lines[3]
    assert sorted(item.name for item in tmp_path.iterdir()) == [".lock", RESULTS]


def test_a_whole_file_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing is rewritten without need."""
    path = written(tmp_path, a_record("a"))
    before = path.stat().st_ino

    written(tmp_path)

    assert path.stat().st_ino == before


def test_half_a_line_is_taken_back(tmp_path: Path) -> None:
    """A trial that ends just behind the full disk can't make the run unreadable."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ResultsWriter(tmp_path) as writer:
        writer.write(a_record("a"))
        size_bytes = (tmp_path / RESULTS).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes + 10, usual[1]))
        try:
            with pytest.raises(RunError, match=r"only 10 of .* bytes fit"):
                writer.write(a_record("b"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        writer.write(a_record("c"))

    assert ids(tmp_path) == ["a", "c"]


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()

    with pytest.raises(RunError, match=r"file/run can't be made: .*; name another one"):
        make_folder(tmp_path / "file" / "run")


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """Two processes would mix their lines."""
    second = ResultsWriter(tmp_path)

    with ResultsWriter(tmp_path), pytest.raises(RunError, match="written by another process"):
        second.__enter__()

    written(tmp_path, a_record("a"))
    assert ids(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b"{broken", "unexpected", id="not JSON"),
        pytest.param(b"[]", "", id="a list"),
        pytest.param(b"{}", "version None", id="an empty object"),
        pytest.param(b'{"version": 2}', "version 2; this program reads 1", id="newer"),
        pytest.param(b'{"version": 1}', "without", id="fields missing"),
        pytest.param(b"\x00\x00\x00", "", id="zeros of a crashed disk"),
    ],
)
def test_a_damaged_line_is_told_with_its_number(tmp_path: Path, line: bytes, message: str) -> None:
    """Damage in the middle is no crash of ours; a person must decide."""
    path = written(tmp_path, a_record("a"))
    path.write_bytes(path.read_bytes() + line + b"\n" + path.read_bytes())

    with pytest.raises(RunError, match=rf"results.jsonl:2: no trial record.*{message}"):
        ids(tmp_path)
    with pytest.raises(RunError, match=r"results.jsonl:2"):
        written(tmp_path)


def test_the_lock_is_free_after_a_damaged_line(tmp_path: Path) -> None:
    """Whoever restores the file can go on."""
    path = tmp_path / RESULTS
    path.write_bytes(b"x\n")
    with pytest.raises(RunError, match=r"results.jsonl:1"):
        written(tmp_path)
    path.unlink()

    written(tmp_path, a_record("a"))

    assert ids(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("damage", "field", "kept"),
    [
        pytest.param("half a character \ud83d", "answer", "half a character ?", id="surrogate"),
        pytest.param(2**70, "proposal", str(2**70), id="a number of 71 bits"),
    ],
)
def test_what_json_lines_cannot_hold_does_not_end_a_run(
    tmp_path: Path, damage: str | int, field: str, kept: str
) -> None:
    """A model's odd output is written as near as possible."""
    value: JsonValue = damage if field == "answer" else {"a": [damage, 1, 1.5, None]}
    written(tmp_path, replace(a_record("a"), **{field: value}))

    (record,) = read_records(tmp_path)

    shown = record.document()[field]
    assert shown == (kept if field == "answer" else {"a": [kept, 1, 1.5, None]})


MANIFEST_DOCUMENT: JsonObject = {
    "version": 2,
    "run": "run_1",
    "created": "2026-01-01T00:00:00+00:00",
    "code": "0.1.0",
    "paths": ["scenarios"],
    "tags": [],
    "models": [
        {"reference": "m/one", "label": "x", "offline": True, "conditions": {"prices": "x"}}
    ],
    "trials": 1,
    "early": {"good": 0.9},
    "replays": False,
    "gated": True,
    "cap_cost_micros": 5,
    "cap_tokens": None,
    "seed": 0,
    "concurrency": 1,
    "max_tokens": 1024,
    "timeout_s": 60.0,
    "retries": 3,
    "suite_digest": "d",
    "comparability": {},
    "scenarios": [],
}


def test_a_manifest_is_read_back(tmp_path: Path) -> None:
    """What was asked for is known to whoever resumes."""
    write_json(tmp_path / MANIFEST, MANIFEST_DOCUMENT)

    assert read_manifest(tmp_path).model_dump(mode="json") == MANIFEST_DOCUMENT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda _: b"{", "is damaged", id="not JSON"),
        pytest.param(lambda _: b"[]", "version None", id="a list"),
        pytest.param(
            lambda it: orjson.dumps({**it, "version": 3}), "version 3; this program", id="newer"
        ),
        pytest.param(
            lambda it: orjson.dumps({**it, "trials": "many"}), "is damaged", id="wrong type"
        ),
    ],
)
def test_a_manifest_that_can_not_be_used_is_refused(
    tmp_path: Path, change: Callable[[JsonObject], bytes], message: str
) -> None:
    """The message says what to do."""
    (tmp_path / MANIFEST).write_bytes(change(MANIFEST_DOCUMENT))

    with pytest.raises(RunError, match=message):
        read_manifest(tmp_path)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    """A misspelt path is told as such."""
    with pytest.raises(RunError, match=r"is no run: manifest.json can't be read"):
        read_manifest(tmp_path / "missing")


def test_a_document_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """No draft stays behind."""
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2})

    assert orjson.loads(path.read_bytes()) == {"a": 2}
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_trials_that_end_early_are_not_compared_with_a_fixed_number() -> None:
    """Their shares lean to where they ended, so equal agents would not look equal."""
    record = a_record("s")
    plan = {"good": 0.9, "bad": 0.6, "longest": 36}
    fixed = Manifest.model_validate(a_manifest([record]))
    early = Manifest.model_validate(a_manifest([record], early=plan))
    model = record.key.model

    differing = dict(early.key(model).items() - fixed.key(model).items())

    assert list(differing) == ["sampling"]
    assert differing["sampling"].endswith("trials end early (bad 0.6, good 0.9, longest 36)")
