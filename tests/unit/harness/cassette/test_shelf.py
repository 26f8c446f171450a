"""Cassettes are sorted, written whole or not at all, and refused by line when damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from harness.cassette.shelf import Shelf, read_cassette, slug
from harness.cassette.tape import CassetteError
from tests.models.scripted import saying
from tests.unit.harness.cassette.builders import MODEL, a_call_of, a_key, a_request, a_shelf, record

Damage: TypeAlias = Callable[[list[bytes]], list[bytes]]


def tape(folder: Path) -> Path:
    """Return the file of the builders' cassette."""
    return folder / "test-scripted" / "counter.jsonl"


def test_a_model_that_was_never_recorded_has_no_cassettes(tmp_path: Path) -> None:
    """An empty shelf is no error."""
    shelf = Shelf(tmp_path / "none")

    assert shelf.trials(MODEL) == {}
    assert shelf.references() == ()


def test_what_is_recorded_is_found_under_its_trial(tmp_path: Path) -> None:
    """Positions come in their order, whatever order they were given in."""
    first, second = a_call_of(), a_call_of(a_request("again"), position=1)

    shelf = a_shelf(tmp_path, second, first)

    assert shelf.trials(MODEL) == {("counter-set", 0): (first, second)}
    assert shelf.references() == (MODEL,)


def test_the_same_calls_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    """A recording run with other timing shows no difference."""
    calls = [a_call_of(key=a_key(name, index)) for name in "cab" for index in (1, 0)]
    a_shelf(tmp_path / "a", *calls)
    a_shelf(tmp_path / "b", *reversed(calls))

    assert tape(tmp_path / "a").read_bytes() == tape(tmp_path / "b").read_bytes()
    trials = list(read_cassette(tape(tmp_path / "a")).trials)
    assert trials == [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("c", 0), ("c", 1)]


def test_recording_a_trial_again_replaces_it_whole(tmp_path: Path) -> None:
    """No call of the earlier recording stays behind; other trials stay."""
    old = [a_call_of(), a_call_of(a_request("repair"), position=1), a_call_of(key=a_key("other"))]
    new = a_call_of(completion=saying("new"))

    shelf = a_shelf(tmp_path, *old)
    written = record(shelf, [new])

    assert written == (tape(tmp_path),)
    assert shelf.trials(MODEL) == {("counter-set", 0): (new,), ("other", 0): (old[2],)}
    assert Shelf(tmp_path).trials(MODEL) == shelf.trials(MODEL)


def test_recording_the_same_again_writes_nothing(tmp_path: Path) -> None:
    """An unchanged cassette is left alone."""
    assert record(a_shelf(tmp_path, a_call_of()), [a_call_of()]) == ()


def test_a_file_keeps_its_day_until_a_call_of_it_changes(tmp_path: Path) -> None:
    """Recording the same answers again changes no byte, whatever day it is."""
    shelf = a_shelf(tmp_path)
    assert shelf.recorded([MODEL]) == ""
    record(shelf, [a_call_of()], day="2026-01-30")

    assert record(shelf, [a_call_of()], day="2026-01-31") == ()
    assert Shelf(tmp_path).recorded(["test/none", MODEL]) == "2026-01-30"
    record(shelf, [a_call_of(key=a_key("new"))], day="2026-02-01")
    assert Shelf(tmp_path).recorded([MODEL]) == "2026-02-01"


def test_a_changed_header_is_written(tmp_path: Path) -> None:
    """A model that takes tools now is asked so in a replay."""
    shelf = a_shelf(tmp_path, a_call_of(), native_tools=False)

    assert record(shelf, [a_call_of()]) == (tape(tmp_path),)
    assert Shelf(tmp_path).cassettes(MODEL)["counter"].header.native_tools is True


def test_the_last_of_two_answers_counts_and_what_follows_a_gap_is_left_out(
    tmp_path: Path,
) -> None:
    """A cassette never holds a call that no replay can reach."""
    last = a_call_of(completion=saying("last"))

    shelf = a_shelf(tmp_path, a_call_of(), last, a_call_of(position=2))

    assert shelf.trials(MODEL) == {("counter-set", 0): (last,)}


def test_pruning_takes_only_the_named_scenarios(tmp_path: Path) -> None:
    """A cassette without calls goes with its last scenario."""
    shelf = a_shelf(tmp_path, a_call_of(), a_call_of(key=a_key("gone")))

    assert shelf.prune(MODEL, ["gone"]) == (tape(tmp_path),)
    assert list(Shelf(tmp_path).trials(MODEL)) == [("counter-set", 0)]
    assert shelf.prune(MODEL, ["gone"]) == ()
    assert shelf.prune(MODEL, ["counter-set"]) == (tape(tmp_path),)
    assert not tape(tmp_path).exists()
    assert shelf.trials(MODEL) == {}


def test_environments_have_a_file_each(tmp_path: Path) -> None:
    """A model's calls are found whichever file they are in."""
    shelf = a_shelf(tmp_path, a_call_of())
    record(shelf, [a_call_of(key=a_key("room"))], environment="facility")

    assert [path.name for path in sorted(tape(tmp_path).parent.iterdir())] == [
        "counter.jsonl",
        "facility.jsonl",
    ]
    assert set(Shelf(tmp_path).trials(MODEL)) == {("counter-set", 0), ("room", 0)}


@pytest.mark.parametrize(
    ("damage", "place", "said"),
    [
        pytest.param(lambda lines: [*lines[:-1], lines[-1][:-9]], 3, "cut off", id="cut off"),
        pytest.param(lambda lines: [lines[0], b"x\n", lines[2]], 2, "no JSON", id="no JSON"),
        pytest.param(lambda lines: lines[1:], 1, "cassette is None", id="no header"),
        pytest.param(lambda lines: [], 1, "is empty", id="an empty file"),
        pytest.param(lambda lines: [lines[0], lines[2]], 2, "position 1", id="a missing call"),
        pytest.param(lambda lines: [*lines, lines[1]], 4, "expected 2", id="a call twice"),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b'"test/scripted"', b'"test/other"')],
            2,
            "a call to test/other",
            id="another model's call",
        ),
        pytest.param(
            lambda lines: [lines[0].replace(b'"cassette":1', b'"cassette":9')],
            1,
            "use the version of plangate that wrote it",
            id="a newer program's",
        ),
        pytest.param(
            lambda lines: [lines[0].replace(b'"counter"', b'"facility"')],
            1,
            "in environment facility",
            id="another environment's",
        ),
    ],
)
def test_damage_is_refused_with_file_and_line(
    tmp_path: Path, damage: Damage, place: int, said: str
) -> None:
    """Whoever edited or merged a cassette learns where."""
    a_shelf(tmp_path, a_call_of(), a_call_of(a_request("repair"), position=1))
    lines = tape(tmp_path).read_bytes().splitlines(keepends=True)
    tape(tmp_path).write_bytes(b"".join(damage(lines)))

    with pytest.raises(CassetteError) as caught:
        Shelf(tmp_path).trials(MODEL)

    assert str(caught.value).startswith(f"{tape(tmp_path)}:{place}: ")
    assert said in str(caught.value)


def test_two_models_with_one_file_name_are_told_apart(tmp_path: Path) -> None:
    """No model answers for another because their names look alike."""
    a_shelf(tmp_path, a_call_of())

    with pytest.raises(CassetteError, match=r"cassette of test/scripted .*expected one of test"):
        Shelf(tmp_path).trials("test:scripted")


def test_a_cassette_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place is no recording."""
    tape(tmp_path).mkdir(parents=True)

    for ask in (lambda: Shelf(tmp_path).trials(MODEL), Shelf(tmp_path).references):
        with pytest.raises(CassetteError, match="can't be read: Is a directory"):
            ask()


def test_a_damaged_header_is_told_when_models_are_listed(tmp_path: Path) -> None:
    """Listing reads no more than the first line, and that strictly."""
    a_shelf(tmp_path, a_call_of())
    tape(tmp_path).write_bytes(b"{}\n")

    with pytest.raises(CassetteError, match=r"counter\.jsonl:1: cassette is None"):
        Shelf(tmp_path).references()


def test_a_cassette_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """The message says that nothing is lost."""
    shelf = a_shelf(tmp_path, a_call_of())
    before = tape(tmp_path).read_bytes()
    (tape(tmp_path).parent / ".counter.jsonl.draft").symlink_to(tmp_path / "no" / "where")

    with pytest.raises(CassetteError, match=r"can't be written: .*kept in the run's folder"):
        record(shelf, [a_call_of(completion=saying("new"))])

    assert tape(tmp_path).read_bytes() == before
    assert [path.name for path in tape(tmp_path).parent.iterdir()] == ["counter.jsonl"]


def test_file_names_are_legal_everywhere() -> None:
    """A reference with options makes one readable name."""
    assert slug("openai/own?api_base=http://h:1/v1&x=1") == "openai-own-api_base-http-h-1-v1-x-1"
    assert slug("../up") == "up"


def test_runs_that_record_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each had read the shelf before the other one wrote."""
    one, other = Shelf(tmp_path), Shelf(tmp_path)
    one.cassettes(MODEL)
    other.cassettes(MODEL)

    record(one, [a_call_of(key=a_key("first"))])
    record(other, [a_call_of(key=a_key("second"))])

    assert set(Shelf(tmp_path).trials(MODEL)) == {("first", 0), ("second", 0)}


def test_recording_nothing_makes_no_folder(tmp_path: Path) -> None:
    """As an offline run that was stopped before its first trial."""
    assert record(Shelf(tmp_path / "none"), []) == ()
    assert not (tmp_path / "none").exists()


def test_a_shelf_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    """A file lies in its place."""
    (tmp_path / "file").write_text("")

    with pytest.raises(CassetteError, match="file can't be written: "):
        record(Shelf(tmp_path / "file"), [a_call_of()])
