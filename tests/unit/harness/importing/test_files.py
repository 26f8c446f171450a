"""Prove that written files read back unchanged and that nobody else's file is touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.importing.files import (
    LARGEST_PART_BYTES,
    MARK,
    OutputError,
    environment_file,
    scenario_files,
    write_files,
)
from harness.yaml_source import parse_yaml
from runtime.public import JsonValue

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
TRICKY = (
    "yes",
    "1e5",
    "0x1f",
    "012",
    "1:30",
    "~",
    "",
    "null",
    "- a",
    "a: b",
    "2026-01-01",
    ".5",
    "\x85",
    "a\u2028 b",
)


@given(value=JSON)
def test_every_value_reads_back_as_itself(value: JsonValue) -> None:
    """Our reader takes back what was written, whatever it looks like."""
    (content,) = environment_file("x", {"id": "x", "value": value}, source="f").values()

    assert parse_yaml(content.decode(), shown_as="x").content["value"] == value


@pytest.mark.parametrize("text", TRICKY)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    """A text is quoted where YAML would read a number, a boolean or a time."""
    (content,) = environment_file("x", {"id": "x", text: [text]}, source="f").values()

    assert parse_yaml(content.decode(), shown_as="x").content[text] == [text]


def test_every_file_says_who_wrote_it() -> None:
    """The first line names the source, on one line."""
    files = environment_file("x", {"id": "x"}, source="a\nb") | scenario_files(
        "x", {"environment": "x"}, [{"id": "x-1"}], source="a\nb"
    )

    assert list(files) == ["x.environment.yaml", "x.yaml"]
    assert {content.split(b"\n")[0] for content in files.values()} == {
        f"{MARK}` from a b: import again instead of editing.".encode()
    }


def test_long_scenario_files_are_continued() -> None:
    """No part is larger than our reader takes, and each has its head."""
    scenarios = [{"id": f"x-{n}", "text": "y" * (LARGEST_PART_BYTES // 2)} for n in range(3)]

    files = scenario_files("x", {"environment": "x"}, scenarios, source="f")

    read = [parse_yaml(content.decode(), shown_as=name).content for name, content in files.items()]
    assert list(files) == ["x.yaml", "x_2.yaml", "x_3.yaml"]
    assert [item["environment"] for item in read] == ["x"] * 3
    assert [item["id"] for part in read for item in part["scenarios"]] == ["x-0", "x-1", "x-2"]


def test_too_large_an_environment_is_refused() -> None:
    """A file that our reader would not take is never written."""
    with pytest.raises(OutputError, match="import the questions in several files"):
        environment_file("x", {"id": "x", "text": "y" * 2_000_000}, source="f")


def test_leftover_of_an_earlier_import_is_removed(tmp_path: Path) -> None:
    """A shorter import leaves no old part behind; another import's files stay."""
    ours = f"{MARK}\n".encode()
    names = ("x.yaml", "x_2.yaml", "x.environment.yaml", "x_y.yaml", "other.yaml")
    write_files(tmp_path, "x", dict.fromkeys(names, ours))

    write_files(tmp_path, "x", {"x.yaml": ours + b"new"})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.yaml", "x.yaml", "x_y.yaml"]
    assert (tmp_path / "x.yaml").read_bytes() == ours + b"new"


def test_missing_folder_is_made(tmp_path: Path) -> None:
    """A new import needs no preparation."""
    write_files(tmp_path / "a" / "b", "x", {"x.yaml": b"z"})

    assert (tmp_path / "a" / "b" / "x.yaml").read_bytes() == b"z"


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_folder_with_strangers_is_left_alone(tmp_path: Path, kind: str) -> None:
    """Whatever no import wrote is named, and nothing is written beside it."""
    stranger = tmp_path / "stranger"
    target = tmp_path.parent / f"{tmp_path.name}-target"
    target.write_bytes(MARK.encode())
    make: dict[str, Callable[[], object]] = {
        "file": partial(stranger.write_bytes, b"mine"),
        "folder": stranger.mkdir,
        "link": partial(stranger.symlink_to, target),
    }
    make[kind]()

    with pytest.raises(OutputError, match="holds stranger, which no import wrote"):
        write_files(tmp_path, "x", {"x.yaml": b"z"})
    assert not (tmp_path / "x.yaml").exists()


def test_only_the_first_strangers_are_listed(tmp_path: Path) -> None:
    """A message stays readable in a full folder."""
    for number in range(4):
        (tmp_path / f"s{number}").touch()

    with pytest.raises(OutputError, match=r"holds s0, s1, s2, …, which"):
        write_files(tmp_path, "x", {})


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The message names the folder that was asked for."""
    (tmp_path / "out").touch()

    with pytest.raises(OutputError, match="out can't be written to"):
        write_files(tmp_path / "out", "x", {})
